# SPDX-License-Identifier: Apache-2.0
"""identities.py PORT TOKENS --watched PID DATA: user identities of all types, with and without positive response, honest and not.

Watched by oracle.py. The peers WS (takes title and address), PW (demands a password), TOKEN (demands a token) and STRICT (as WS, but no secret
without TLS) are known, and the user weber with the password 'planted-right'. Exits 1 and says what was wrong."""
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from oracle import Oracle
from patience import PATIENCE
from unhurried import AE
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from pynetdicom.sop_class import Verification

problems = []
oracle = Oracle(problems, int(sys.argv[1]))
port, tokens = int(sys.argv[1]), Path(sys.argv[2])
# A rejection or an abort each.
turned_away = []
# PS3.7 D.3.3.7: rejected-permanent, by the ACSE related function, no reason given.
REFUSED = (1, 2, 1)
LOST = "neither accepted nor rejected"


def associate(*request):
    """What became of it: the server response or None where it was accepted, and else (result, source, reason)."""
    # pynetdicom loses about one rejection in two hundred between its threads, under load: raw bytes never miss one.
    for _ in range(5):
        became = attempt(*request)
        if became != LOST:
            break
    return became


def attempt(title, kind=None, primary=b"", secondary=None, asks=False):
    ae = AE(ae_title=title)
    ae.add_requested_context(Verification)
    items = []
    if kind is not None:
        item = UserIdentityNegotiation()
        item.user_identity_type, item.positive_response_requested = kind, asks
        item.primary_field = primary
        if secondary is not None:
            item.secondary_field = secondary
        items.append(item)
    association = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR", ext_neg=items)
    if association.is_rejected:
        turned_away.append(title)
        answer = association.acceptor.primitive
        return (answer.result, answer.result_source, answer.diagnostic)
    if not association.is_established:
        turned_away.append(LOST)
        return LOST
    if association.send_c_echo().Status != 0:
        problems.append(f"{title}, type {kind}: no C-ECHO")
    response = association.acceptor.user_identity
    association.release()
    return None if response is None else response.server_response


def expect(what, got, wanted):
    if got != wanted:
        problems.append(f"{what}: {got}, not {wanted}")


right, wrong, good = b"planted-right", b"planted-wrong", (tokens / "good.jwt").read_bytes()
rejection = bytes([3, 0, 0, 0, 0, 4, 0, *REFUSED])


def as_pynetdicom_says_them():
    for asks in (False, True):
        proven = b"" if asks else None
        for title, kind, primary, secondary, wanted in [
            ("WS", None, b"", None, None), ("PW", None, b"", None, REFUSED), ("TOKEN", None, b"", None, REFUSED),
            # A name alone proves nothing, and gets no positive response.
            ("WS", 1, b"weber", None, None), ("PW", 1, b"weber", None, REFUSED), ("WS", 1, b"\xff\xfe", None, REFUSED),
            ("WS", 2, b"weber", right, proven), ("PW", 2, b"weber", right, proven), ("TOKEN", 2, b"weber", right, REFUSED),
            ("WS", 2, b"weber\0", right, proven), ("WS", 2, b"weber\0\nplanted", right, REFUSED), ("WS", 2, b"weber\0\nplanted", wrong, REFUSED),
            ("WS", 2, b"weber", wrong, REFUSED), ("PW", 2, b"nobody", right, REFUSED), ("STRICT", 2, b"weber", right, REFUSED),
            ("WS", 3, b"planted-ticket", None, REFUSED), ("WS", 4, b"planted-assertion", None, REFUSED),
            ("WS", 5, good, None, proven), ("PW", 5, good, None, proven), ("TOKEN", 5, good, None, proven),
            ("STRICT", 5, good, None, REFUSED), ("WS", 5, b"planted.planted.planted", None, REFUSED),
        ]:
            what = f"{title}, type {kind}, {primary[:20]}, {secondary}, response asked: {asks}"
            expect(what, associate(title, kind, primary, secondary, asks), wanted)
    for path in sorted(tokens.glob("*.jwt")):
        if path.stem != "good":
            expect(f"the token '{path.stem}'", associate("TOKEN", 5, path.read_bytes()), REFUSED)


# What pynetdicom does not send.
def item(kind, value):
    return struct.pack(">BBH", kind, 0, len(value)) + value


def exchange(identity):
    """The whole PDU that answers a request with these bytes as its user identity."""
    body = struct.pack(">HH", 1, 0) + b"COLLIMATOR".ljust(16) + b"WS".ljust(16) + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    body += item(0x20, bytes([1, 0, 0, 0]) + item(0x30, b"1.2.840.10008.1.1") + item(0x40, b"1.2.840.10008.1.2"))
    body += item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + identity)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(struct.pack(">BBI", 1, 0, len(body)) + body)
        head = connection.recv(6, socket.MSG_WAITALL)
        if head[:1] in (b"\x03", b"\x07"):
            turned_away.append(identity)
        return head + connection.recv(struct.unpack(">I", head[2:])[0], socket.MSG_WAITALL) if len(head) == 6 else head


def identity(kind, asks, primary, secondary):
    fields = struct.pack(">H", len(primary)) + primary + struct.pack(">H", len(secondary)) + secondary
    return item(0x58, bytes([kind, asks]) + fields)


def as_nobody_says_them():
    for kind in [0, *range(6, 256)]:
        for asks in (0, 1):
            expect(f"type {kind}", exchange(identity(kind, asks, b"planted-unknown", b"planted-unknown")), rejection)
    # A response that was asked for is one whole sub-item, and the last byte of the PDU (PS3.7 Table D.3-15).
    answer = exchange(identity(2, 1, b"weber", right))
    expect("a sub-item 0x59", (answer[0], answer[-6:]), (2, bytes([0x59, 0, 0, 2, 0, 0])))
    expect("no sub-item 0x59", exchange(identity(2, 0, b"weber", right)).find(bytes([0x59, 0, 0, 2, 0, 0])), -1)

    long = b"planted" * 9200
    for kind in range(1, 6):
        for what, primary, secondary in [("passcode", b"weber", long), ("name", long, b""), ("both", long[:32000], long[:32000])]:
            # A claimed name may be as long as it likes.
            wanted = 2 if kind == 1 else 3
            expect(f"type {kind} with a long {what}", exchange(identity(kind, 1, primary, secondary))[0], wanted)
    for lie in [
        b"\x02\x01\xff\xffplanted", b"\x02\x01\x00\x05weber\xff\xffplanted", b"\x02", b"\x02\x01", b"\x02\x01\x00",
        b"\x05\x01\xff\xff", b"\x02\x01\x00\x05weber\x00", b"\x02\x01\x00\x05web",
    ]:
        expect(f"lengths that lie: {lie}", exchange(item(0x58, lie))[:1], b"\x07")
    expect("an echo after all of this", associate("WS"), None)


def flood():
    """Passwords by the hundred: no more than wait are hashed, none is left without an answer, and nobody else waits for them.
    Last of all, because this address has used up its rate then."""
    congested = bytes([3, 0, 0, 0, 0, 4, 0, 2, 3, 1])
    with ThreadPoolExecutor(60) as pool:
        floods = [pool.submit(exchange, identity(2, 0, b"nobody", b"planted-wrong")) for _ in range(300)]
        taken = []
        while not all(flood.done() for flood in floods):
            begin = time.monotonic()
            expect("an echo in the flood", associate("STRICT"), None)
            taken.append(time.monotonic() - begin)
    answers = {flood.result() for flood in floods}
    expect("the flood's answers", answers <= {rejection, congested}, True)
    expect("half of the echoes in the flood are answered in time", sorted(taken)[len(taken) // 2] < PATIENCE, True)
    print(f"slowest echo in the flood: {max(taken):.3f} s; turned away as too many: {sum(f.result() == congested for f in floods)}")
    for _ in range(25):
        exchange(identity(2, 0, b"nobody", b"planted-wrong"))
    expect("a flooding address gets no further", exchange(identity(2, 0, b"weber", right)), rejection)


def attacks():
    for attack in (as_pynetdicom_says_them, as_nobody_says_them, flood):
        with oracle.refusals(attack.__name__, lambda: len(turned_away)):
            turned_away.clear()
            attack()


# The flood uses up what this address may try: there is no second time.
oracle.watch(attacks, again=False, at_least=10.0)
for problem in problems:
    print(problem)
sys.exit(bool(problems))
