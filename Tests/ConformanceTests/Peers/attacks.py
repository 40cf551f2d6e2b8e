# SPDX-License-Identifier: Apache-2.0
"""attacks.py PORT ATTACK COUNT --watched PID DATA: what a hostile peer tries inside an association, or instead of one, watched
by oracle.py; exits 1 and says what was wrong."""
import select
import socket
import struct
import sys
import time

from oracle import Oracle
from patience import PATIENCE
from rawpeer import ABORT, ACCEPT, CT, STUDY_ROOT_FIND, VERIFICATION, Peer, command, element, pdv, request

port, attack, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
problems = []
oracle = Oracle(problems, port)
CONTEXTS = ((1, VERIFICATION), (3, CT), (5, STUDY_ROOT_FIND))
C_STORE, C_FIND, C_ECHO, C_CANCEL = 0x0001, 0x0020, 0x0030, 0x0FFF


def check(what, holds):
    if not holds:
        problems.append(what)


def elements(data):
    """The elements of an implicit little endian command, by number."""
    found, at = {}, 0
    while at + 8 <= len(data):
        group, number, length = struct.unpack_from("<HHI", data, at)
        found[(group, number)] = data[at + 8 : at + 8 + length]
        at += 8 + length
    return found


def status(peer):
    """What the next message says, "abort" or "hung up"."""
    kind, body = peer.read()
    if kind != 4:
        return "abort" if kind == ABORT else "hung up"
    found = elements(body[6:])
    return struct.unpack("<H", found[(0, 0x900)])[0] if (0, 0x900) in found else "no status"


def rebuilt(fields, length=None):
    body = b"".join(element(group, number, value) for (group, number), value in sorted(fields.items()))
    return element(0, 0, struct.pack("<I", len(body) if length is None else length)) + body


def commands():
    """A13. Each command without each of its elements, and with each in a wrong shape: refused with a status or an abort, in
    time, and nothing is kept; where no answer can be due (C-CANCEL), the association goes on."""
    identifier = element(8, 0x52, b"STUDY ") + element(0x20, 0xD, b"")
    whole = {
        "C-ECHO": (1, command(C_ECHO, 7, VERIFICATION), b""),
        "C-STORE": (3, command(C_STORE, 7, CT, True, b"1.2.3.4"), element(8, 0x16, CT) + element(8, 0x18, b"1.2.3.4")),
        "C-FIND": (5, command(C_FIND, 7, STUDY_ROOT_FIND, True), identifier),
    }
    changes = [("without", None), ("empty", b""), ("one byte too many in", 1), ("ones for", b"\xff\xff")]
    for name, (context, message, data) in whole.items():
        fields = elements(message)
        del fields[(0, 0)]
        for tag in fields:
            for what, change in changes:
                other = dict(fields)
                if change is None:
                    del other[tag]
                elif change == 1:
                    other[tag] = fields[tag] + b"\0\0"
                else:
                    other[tag] = change
                judge(f"{name} {what} ({tag[0]:04X},{tag[1]:04X})", context, rebuilt(other), data, tag)
        for length in (0, 1, 0xFFFFFFFF):
            judge(f"{name} with a group length of {length}", context, rebuilt(fields, length), data, (0, 0))
    with oracle.refusals("what is no breach", 0):
        cancels_of_nothing()
        repeated_message_id()


def judge(what, context, message, data, tag):
    """An abort is one refusal, be it behind a status; a status is none."""
    aborts = []
    with oracle.refusals(what, lambda: len(aborts)):
        peer, answer = answer_to(what, context, message, data, tag)
        kind = ABORT if answer == "abort" else 0
        if kind != ABORT and answer != "hung up":
            peer.socket.shutdown(socket.SHUT_WR)
            while kind not in (ABORT, None):
                kind, _ = peer.read()
        aborts.extend([kind] if kind == ABORT else [])
        peer.close()


def answer_to(what, context, message, data, tag):
    peer = Peer(port)
    check(f"an association for {what}", peer.associate(contexts=CONTEXTS)[0] == ACCEPT)
    peer.send(pdv(3, message, context))
    if data:
        try:
            peer.send(pdv(2, data, context))
        except ConnectionError:
            pass
    readable, _, _ = select.select([peer.socket], [], [], 10 * PATIENCE)
    if not readable:
        # Where the change says that no data set follows, or that one does, the node may still wait for what is due.
        check(f"{what}: no answer", tag == (0, 0x800))
        return peer, None
    answer = status(peer)
    # An empty or odd priority, and a wrong group length, do no harm: whoever answers may do what was asked for.
    harmless = tag in ((0, 0x700), (0, 0), (0, 0x110), (0, 0x1000), (0, 2), (0, 0x800), (0, 0x100))
    check(f"{what}: answered {answer}", answer != "no status" and (answer != 0 or harmless))
    return peer, answer


def cancels_of_nothing():
    """C-CANCEL of a message that is not there has no response (PS3.7 §9.3.2.3): the echo behind it is answered."""
    peer = Peer(port)
    peer.associate(contexts=CONTEXTS)
    cancel = rebuilt({(0, 0x100): struct.pack("<H", C_CANCEL), (0, 0x120): b"\x39\x05", (0, 0x800): b"\x01\x01"})
    for _ in range(100):
        peer.send(pdv(3, cancel, 5))
    peer.send(pdv(3, command(C_ECHO, 1, VERIFICATION)))
    check("an echo behind C-CANCELs of nothing", status(peer) == 0)
    peer.release()


def repeated_message_id():
    peer = Peer(port)
    peer.associate(contexts=CONTEXTS)
    for _ in range(50):
        peer.send(pdv(3, command(C_ECHO, 9, VERIFICATION)))
        check("the same Message ID again", status(peer) == 0)
    peer.release()


def silence():
    """A01 and A02. COUNT connections that say nothing, or a byte of their request now and then: each is ended by the ARTIM timer,
    which the node was told runs for 5 s, and is one refusal."""
    with oracle.refusals("silent connections", count):
        hold()


def hold():
    artim, opened, dripping = 5, {}, []
    for number in range(count):
        peer = Peer(port)
        opened[peer.socket] = time.monotonic()
        if number % 20 == 0:
            dripping.append(peer.socket)
    lasted, dripped = [], 0
    while opened:
        is_dripping = dripped < 60
        if is_dripping:
            dripped = drip([one for one in dripping if one in opened], dripped)
        readable = poll(opened, 100 if is_dripping else 20_000 * PATIENCE)
        if not readable and not is_dripping:
            check("silent connections are ended", False)
            break
        for connection in readable:
            lasted.append(time.monotonic() - opened.pop(connection))
            connection.close()
    check(f"ended from {min(lasted):.2f} s", min(lasted) > artim - 1)
    check(f"ended until {max(lasted):.2f} s", max(lasted) < artim + 1 * PATIENCE + len(lasted) / 500)
    print(f"{count} silent connections lasted {min(lasted):.2f} to {max(lasted):.2f} s")


def drip(dripping, count):
    """The next byte of the request of each."""
    for connection in dripping:
        try:
            connection.send(request()[count : count + 1])
        except OSError:
            pass
    return count + 1


def poll(connections, milliseconds):
    """As select, for more descriptors than 1,024."""
    poller = select.poll()
    by_number = {connection.fileno(): connection for connection in connections}
    for number in by_number:
        poller.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poller.poll(milliseconds)]


oracle.watch({"commands": commands, "silence": silence}[attack])
if problems:
    sys.exit("\n".join(problems))
