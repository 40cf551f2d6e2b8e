# SPDX-License-Identifier: Apache-2.0
"""abused.py PORT ABUSE --watched PID DATA: an association that was accepted, and what a peer makes of it, watched by oracle.py;
exits 1 and says what was wrong."""
import socket
import struct
import sys
import time

from oracle import Oracle
from patience import PATIENCE
from rawpeer import ABORT, ACCEPT, CT, REJECT, STUDY_ROOT_FIND, VERIFICATION, Peer, command, element, item, pdv, request

problems = []
oracle = Oracle(problems, int(sys.argv[1]))
port, abuse = int(sys.argv[1]), sys.argv[2]
CONTEXTS = ((1, VERIFICATION), (3, STUDY_ROOT_FIND), (5, CT))
# Far more than any buffer on the way, and far less than without end.
ENOUGH = 256 << 20


def established():
    peer = Peer(port, timeout=60)
    if peer.associate(contexts=CONTEXTS)[0] != ACCEPT:
        sys.exit("no association")
    return peer


def expect_abort(peer):
    kind, _ = peer.read()
    while kind == 4:
        kind, _ = peer.read()
    if kind not in (ABORT, None):
        sys.exit(f"PDU {kind} came")
    peer.close()


def endless(peer, context, piece):
    """Returns when the node hears no more of it."""
    sent = 0
    try:
        while sent < ENOUGH:
            peer.send(piece)
            sent += len(piece)
    except (ConnectionError, TimeoutError):
        return
    sys.exit(f"the node took {sent >> 20} MiB")


def unknown_pdu():
    peer = established()
    peer.send(b"\x99\0\0\0\0\1\0")
    expect_abort(peer)


def wrong_context():
    peer = established()
    peer.send(pdv(3, command(0x30, 1, VERIFICATION), 99))
    expect_abort(peer)


def early():
    """Data right behind the request, which nobody has accepted yet."""
    peer = Peer(port, timeout=60)
    peer.send(request(contexts=CONTEXTS) + pdv(3, command(0x30, 1, VERIFICATION)))
    expect_abort(peer)


def idle():
    began = time.monotonic()
    expect_abort(established())
    # Of two seconds.
    if time.monotonic() - began > 2 + 3 * PATIENCE:
        sys.exit("an idle association was ended late")


def unread():
    """Answers without end, none of which is read."""
    peer = established()
    question = pdv(3, command(0x30, 1, VERIFICATION)) * 500
    peer.socket.settimeout(1)
    try:
        while True:
            peer.send(question)
    except TimeoutError:
        pass
    peer.socket.settimeout(60)
    try:
        while True:
            peer.send(question)
    except (ConnectionError, TimeoutError):
        peer.close()


def long_identifier():
    peer = established()
    peer.send(pdv(3, command(0x20, 1, STUDY_ROOT_FIND, True), 3))
    endless(peer, 3, pdv(0, bytes(100_000), 3) * 10)


def unasked_response():
    peer = established()
    elements = element(0, 2, CT) + element(0, 0x100, b"\1\x80") + element(0, 0x120, b"\1\0")
    elements += element(0, 0x800, b"\0\0") + element(0, 0x900, b"\0\0")
    peer.send(pdv(3, element(0, 0, struct.pack("<I", len(elements))) + elements, 5))
    endless(peer, 5, pdv(0, bytes(100_000), 5) * 10)


def shares():
    """Who takes all that an address gets is told to come again, and takes nothing from another address."""
    answers = []
    with oracle.refusals("shares", lambda: sum(answer is not None for answer in answers)):
        take_shares(answers)


def take_shares(answers):
    greedy = []
    for _ in range(6):
        peer = Peer(port)
        peer.close()
        peer.socket = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=("127.0.0.2", 0))
        peer.send(struct.pack(">BBI", 1, 0, 1 << 20) + bytes(200_000))
        greedy.append(peer)
    for peer in greedy:
        peer.socket.settimeout(2)
        try:
            peer.send(bytes(800_000))
            answers.append(peer.read())
        except TimeoutError:
            answers.append(None)
        except ConnectionError:
            answers.append((None, b""))
    if answers.count(None) > 1 or (REJECT, b"\0\2\3\2") not in answers:
        sys.exit(f"the greedy were told {answers}")
    long = Peer(port)
    # The longest items that there are, which nobody knows.
    body = request(contexts=CONTEXTS)[6:] + item(0x7E, bytes(65_000)) * 3
    long.send(struct.pack(">BBI", 1, 0, len(body)) + body)
    kind, answer = long.read()
    if kind != ACCEPT:
        sys.exit(f"a long request of another address was answered {kind} {answer}")


def refused_often():
    """1,100 operations that are refused, and each is answered; no association is."""
    peer = established()
    for _ in range(11):
        peer.send(b"".join(pdv(3, command(0x30, number, CT)) for number in range(1, 101)))
        for _ in range(100):
            kind, answer = peer.read()
            if kind != 4 or b"\0\x09\2\0\0\0\x22\1" not in answer:
                sys.exit(f"{kind} {answer} came")
    peer.release()


def once():
    if abuse == "shares":
        return shares()
    if abuse == "refused_often":
        return refused_often()
    with oracle.refusals(abuse):
        globals()[abuse]()


oracle.watch(once, again=False)
if problems:
    sys.exit("\n".join(problems))
