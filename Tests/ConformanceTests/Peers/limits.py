# SPDX-License-Identifier: Apache-2.0
"""limits.py PORT SCENARIO COUNT PROCESS [--watched PID DATA]: one peer, or many, that take as much as they can, watched by
oracle.py where that is told of the node; exits 1 and says what was wrong."""
import concurrent.futures
import os
import random
import signal
import socket
import sys
import time

from oracle import Oracle
from patience import PATIENCE
from rawpeer import ABORT, ACCEPT, CT, REJECT, STUDY_ROOT_FIND, Peer, command, element, item, pdv, request

problems = []
oracle = Oracle(problems, int(sys.argv[1])) if "--watched" in sys.argv else None
port, scenario = int(sys.argv[1]), sys.argv[2]
count, process = int(sys.argv[3]), int(sys.argv[4])
ECHO = command(0x30, 1, b"1.2.840.10008.1.1")


def check(what, holds):
    if not holds:
        problems.append(what)


def echo(after, within=1.0 * PATIENCE):
    """Of three at least one is answered in time: on a busy machine any one may be late, in a stalled node all are."""
    took = []
    while len(took) < 3 and min(took, default=within) >= within:
        start = time.monotonic()
        peer = Peer(port)
        kind, _ = peer.associate(calling=b"OTHER")
        check(f"an association of another {after}: {kind}", kind == ACCEPT)
        if kind == ACCEPT:
            peer.send(pdv(3, ECHO))
            check(f"an echo {after}", peer.read()[0] == 4)
            peer.release()
        took.append(time.monotonic() - start)
    check(f"the echoes {after} took {took} s", min(took) < within)


def runs():
    try:
        with open(f"/proc/{process}/stat") as stat:
            # A zombie until the test has asked how it ended.
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stop():
    """Tells the node to stop: it does within its grace period of a second, and some for a busy machine."""
    os.kill(process, signal.SIGTERM)
    deadline = time.monotonic() + 10 * PATIENCE
    while time.monotonic() < deadline:
        if not runs():
            return
        time.sleep(0.02)
    check("the node stops", False)


def full():
    """COUNT associations are one peer's share; the next is refused for now, and has a place when one goes."""
    rejections = []
    with oracle.refusals("more than its share", lambda: len(rejections)):
        fill(rejections)


def fill(rejections):
    peers = [Peer(port) for _ in range(count)]
    check("its share", all(peer.associate()[0] == ACCEPT for peer in peers))
    more = Peer(port)
    # Rejected-transient, service provider (presentation), local limit exceeded (PS3.8 §9.3.4).
    check("one more", more.associate() == (REJECT, b"\0\x02\x03\x02"))
    rejections.append(REJECT)
    echo("while one peer has all it gets")
    # Released, but not closed: that is up to the requestor, and holds no place.
    open_still = peers.pop()
    open_still.send(b"\x05\0\0\0\0\x04\0\0\0\0")
    check("release", open_still.read()[0] == 6)
    deadline = time.monotonic() + 10 * PATIENCE
    kind = REJECT
    while kind == REJECT and time.monotonic() < deadline:
        again = Peer(port)
        kind, _ = again.associate()
        if kind == REJECT:
            rejections.append(kind)
            time.sleep(0.01)
    check("a place after a release", kind == ACCEPT)
    for peer in [*peers, open_still, again]:
        peer.close()


def silent():
    """COUNT connections that say nothing, and stay until the node, told to stop, hangs up."""
    peers = [Peer(port) for _ in range(count)]
    echo(f"beside {count} silent connections")
    stop()
    check("all are hung up on", all(peer.read()[0] in (None, ABORT) for peer in peers))


def deaf():
    """Asks and asks and never reads: the node's answers have a bound, and so have the questions that it takes."""
    peer = Peer(port)
    check("an association", peer.associate()[0] == ACCEPT)
    peer.socket.setblocking(False)
    questions, sent, idle = pdv(3, ECHO) * 500, 0, 0
    deadline = time.monotonic() + 30
    while idle < 20 and time.monotonic() < deadline:
        try:
            sent += peer.socket.send(questions[sent % len(questions) :])
            idle = 0
        except BlockingIOError:
            idle += 1
            time.sleep(0.05)
    check(f"the node stops taking questions (took {sent >> 20} MiB)", idle == 20 and sent < 128 << 20)
    echo("beside a peer that never reads")
    stop()


def cycles():
    """COUNT associations, half aborted and half reset, and as many that are rejected."""
    with oracle.refusals("strangers", count):
        come_and_go()


def come_and_go():
    for number in range(count):
        peer = Peer(port)
        if peer.associate()[0] != ACCEPT:
            return check("an association", False)
        if number % 2:
            peer.send(b"\x07\0\0\0\0\x04\0\0\0\0")
        peer.reset()
        stranger = Peer(port)
        if stranger.associate(calling=b"STRANGER")[0] != REJECT:
            return check("a stranger is rejected", False)
        stranger.reset()


def keys():
    """An identifier with more keys than there are attributes is refused at once."""
    identifier = element(8, 0x52, b"STUDY ") + b"".join(element(0x10, 0x20, b"") for _ in range(count))
    peer = Peer(port)
    peer.associate(contexts=((1, STUDY_ROOT_FIND),))
    peer.send(pdv(3, command(0x20, 1, STUDY_ROOT_FIND, has_data=True)))
    start = time.monotonic()
    pieces = [identifier[at : at + 16000] for at in range(0, len(identifier), 16000)]
    for number, piece in enumerate(pieces):
        peer.send(pdv(2 if number == len(pieces) - 1 else 0, piece))
    kind, body = peer.read()
    check("A700", kind == 4 and element(0, 0x900, b"\0\xa7") in body)
    check("at once", time.monotonic() - start < 5 * PATIENCE)
    peer.release()


def cut():
    """A C-STORE that ends after every KiB: by reset, by end, by half-close."""
    data = element(8, 0x16, CT) + element(8, 0x18, b"1.2.3.4") + element(0x7FE0, 0x10, bytes(24 << 10))
    whole = pdv(3, command(1, 1, CT, has_data=True, instance=b"1.2.3.4")) + pdv(0, data[:16000]) + pdv(2, data[16000:])
    aborts = []
    with oracle.refusals("connections that are cut", lambda: len(aborts)):
        cut_everywhere(whole, aborts)


def cut_everywhere(whole, aborts):
    for number, end in enumerate(range(0, len(whole), 1024)):
        peer = Peer(port)
        check("an association", peer.associate(contexts=((1, CT),))[0] == ACCEPT)
        peer.send(whole[:end])
        if number % 3 == 0:
            peer.reset()
        elif number % 3 == 1:
            peer.close()
        else:
            peer.socket.shutdown(socket.SHUT_WR)
            kind, _ = peer.read()
            check(f"a half-closed connection is closed: {kind}", kind in (None, ABORT))
            aborts.extend([kind] if kind == ABORT else [])
            peer.close()


def refused():
    """Eight connections that the upper layer refuses by itself, and three that nobody has refused."""
    with oracle.refusals("what the upper layer refuses", 8):
        refuse()


def refuse():
    whole = request(calling=b"MOD")
    ended = (None, ABORT)
    for what, data, kinds in [
        ("no DICOM", b"GET / HTTP/1.1\r\n\r\n", [ABORT]),
        ("another version", whole[:6] + b"\0\2" + whole[8:], [REJECT]),
        ("4 GiB", b"\1\0\xff\xff\xff\xff", [ABORT]),
        ("data first", pdv(3, ECHO), [ABORT]),
        ("an even context", request(calling=b"MOD", contexts=((2, b"1.2"),)), [ABORT]),
        ("a cut item", b"\1\0\0\0\0\x46" + whole[6:76], [ABORT]),
        ("silence", b"", ended),
        ("half a request", whole[:60], ended),
    ]:
        peer = Peer(port)
        peer.send(data)
        kind = peer.read()[0]
        check(f"{what}: {kind}", kind in kinds)
        # What still comes is not answered: no second A-ABORT, and the end.
        check(f"{what}: the end", kind is None or peer.read()[0] is None)
        peer.close()
    Peer(port).close()
    peer = Peer(port)
    peer.send(whole[:60])
    peer.close()
    peer = Peer(port)
    peer.send(b"\7\0\0\0\0\4\0\0\0\0")
    check("an abort is no refusal", peer.read()[0] is None)


def malformed():
    """COUNT sessions with something wrong in them, each on a connection of its own: the node answers, or hangs up, and goes on."""
    turned_away = set()
    with oracle.refusals("malformed sessions", lambda: len(turned_away)):
        malform(turned_away)


def malform(turned_away):
    """Whoever is answered with A-ABORT or A-ASSOCIATE-RJ is one refusal, nobody else is one."""
    chance = random.Random(count)
    session = request(calling=b"MOD") + pdv(3, ECHO) + b"\5\0\0\0\0\4\0\0\0\0"
    for number in range(count):
        data = bytearray(session)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            if chance.random() < 0.3:
                data[at : at + chance.randint(1, 8)] = chance.randbytes(chance.randint(0, 8))
            else:
                data[at] = chance.choice([0, 1, 2, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        peer = Peer(port)
        try:
            peer.send(data)
            peer.socket.shutdown(socket.SHUT_WR)
            while (kind := peer.read()[0]) is not None:
                if kind in (ABORT, REJECT):
                    turned_away.add(number)
        except OSError:
            pass
        peer.close()


def long():
    """COUNT associations with requests of nearly one MiB: once accepted, nothing of them is kept but who calls."""
    syntaxes = b"".join(item(0x40, b"1.2.840.10008.1.2.%d." % number + b"9" * 34) for number in range(128))
    contexts = b"".join(
        item(0x20, bytes([number, 0, 0, 0]) + item(0x30, b"1.2.840.10008.1.1") + syntaxes) for number in range(3, 256, 2)
    )
    short = request()
    body = short[6:] + contexts
    peers, before = [], 0
    for number in range(count + 10):
        peer = Peer(port)
        peer.send(short[:2] + len(body).to_bytes(4, "big") + body)
        check("a long request", peer.read()[0] == ACCEPT)
        peers.append(peer)
        if number == 9:
            before = resident()
    kept = (resident() - before) // count
    check(f"{kept} KiB are kept of each association with a long request", kept < 512)
    check("all are there", all(peer.release() == 6 for peer in peers))


def resident():
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def cancelled():
    """COUNT queries, each given up at once: each is answered once, with cancel or, where it was over before, success."""
    for number in range(count):
        peer = Peer(port)
        peer.associate(contexts=((1, STUDY_ROOT_FIND),))
        question = pdv(3, command(0x20, 7, STUDY_ROOT_FIND, has_data=True)) + pdv(2, element(8, 0x52, b"STUDY "))
        cancel = element(0, 0x100, b"\xff\x0f") + element(0, 0x120, b"\7\0") + element(0, 0x800, b"\1\1")
        peer.send(question + pdv(3, cancel))
        kind, body = peer.read()
        check(f"an answer: {kind}", kind == 4)
        check(f"cancel or success: {body!r}", element(0, 0x900, b"\0\xfe") in body or element(0, 0x900, b"\0\0") in body)
        check("one answer", peer.release() == 6)


def contradictory():
    """The SOP class of the command is not that of its context: 0122, and the association goes on."""
    peer = Peer(port)
    peer.associate(contexts=((1, STUDY_ROOT_FIND), (3, b"1.2.840.10008.1.1")))
    wrong = pdv(3, command(0x20, 1, b"1.2.840.10008.5.1.4.1.2.1.1", has_data=True)) + pdv(2, element(8, 0x52, b"STUDY "))
    for what, data in [("a query", wrong), ("an echo", pdv(3, command(0x30, 2, CT), context=3))]:
        peer.send(data)
        kind, body = peer.read()
        check(f"{what}: {body!r}", kind == 4 and element(0, 0x900, b"\x22\1") in body)
    check("it goes on", peer.release() == 6)


def crowded():
    """COUNT connections are all that there are; one more is closed."""
    peers = [Peer(port) for _ in range(count)]
    check("the last has a place", peers[-1].associate()[0] == ACCEPT)
    check("one more is closed", Peer(port).read()[0] is None)


def odd():
    """Who calls whom: taken from the peers that have odd titles, refused with the reason from others."""
    with oracle.refusals("odd titles", 4):
        call()


def call():
    unknown, wrong = (REJECT, b"\0\1\1\3"), (REJECT, b"\0\1\1\7")
    for calling, called, answer in [
        (b"\xc41", b"COLLIMATOR", None),
        (b"\xc41", b"", None),
        (b"\xc41", b"K\xd6LN", None),
        (b"", b"ANY-SCP", None),
        (b"\0" * 16, b"COLLIMATOR\0\0", None),
        (b"MOD\0\0", b"COLLIMATOR\0\0", None),
        (b"MOD", b"", wrong),
        (b"MOD", b"ANY-SCP", wrong),
        (b"\xc42", b"COLLIMATOR", unknown),
        (b"\xc42", b"ANY-SCP", wrong),
    ]:
        peer = Peer(port)
        kind, body = peer.associate(calling=calling, called=called)
        fits = kind == ACCEPT if answer is None else (kind, body) == answer
        check(f"{calling!r} calls {called!r}: {kind} {body[:4]!r}", fits)
        if kind == ACCEPT:
            check("the titles come back", body[4:36] == called.ljust(16) + calling.ljust(16))
            peer.release()


def parting():
    """COUNT peers, eight at once, that send a window of objects and ask for release: each gets all its answers before the release's."""

    def part(number):
        user = item(0x51, (16384).to_bytes(4, "big")) + item(0x52, b"1.2.3") + item(0x53, b"\0\x08\0\1")
        peer = Peer(port)
        if peer.associate(contexts=((1, CT),), user=user)[0] != ACCEPT:
            return check("an association", False)
        for message in range(1, 13):
            instance = b"1.2.3.%d.%d" % (number + 1, message)
            data = element(8, 0x16, CT) + element(8, 0x18, instance) + element(0x10, 0x20, b"P1")
            data += element(0x20, 0xD, b"1.2.9") + element(0x20, 0xE, b"1.2.9.1") + element(0x7FE0, 0x10, bytes(2000))
            peer.send(pdv(3, command(1, message, CT, has_data=True, instance=instance)) + pdv(2, data))
        peer.send(b"\x05\0\0\0\0\x04\0\0\0\0")
        answers, kind = 0, 4
        while kind == 4:
            kind, body = peer.read()
            answers += kind == 4 and element(0, 0x900, b"\0\0") in body
        check(f"{answers} of 12 answers before {kind}", answers == 12 and kind == 6)
        peer.close()

    with concurrent.futures.ThreadPoolExecutor(8) as peers:
        list(peers.map(part, range(count)))


play = {"parting": parting, "odd": odd, "contradictory": contradictory, "crowded": crowded, "long": long, "cancelled": cancelled, "full": full, "refused": refused, "malformed": malformed, "silent": silent, "deaf": deaf, "cycles": cycles, "keys": keys, "cut": cut}[scenario]
# What a test counts by itself, or measures, is done once.
if oracle:
    # A request of one MiB is half a second's work for a node without optimization.
    oracle.watch(
        play, again=scenario not in ("cycles", "refused", "long"), at_least=30.0 if scenario == "long" else 5.0,
        by_day=2 if scenario in ("full", "malformed", "odd") else 1)
else:
    play()
if problems:
    sys.exit("\n".join(problems[:20]))
