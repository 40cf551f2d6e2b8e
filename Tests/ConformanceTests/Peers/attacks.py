# SPDX-License-Identifier: Apache-2.0
"""attacks.py PORT ATTACK COUNT: what a hostile peer tries inside an association, or instead of one; exits 1 and says what
was wrong."""
import select
import struct
import sys
import time

from patience import PATIENCE
from rawpeer import ABORT, ACCEPT, CT, STUDY_ROOT_FIND, VERIFICATION, Peer, command, element, pdv

port, attack, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
problems = []
CONTEXTS = ((1, VERIFICATION), (3, CT), (5, STUDY_ROOT_FIND))
C_STORE, C_FIND, C_ECHO, C_CANCEL = 0x0001, 0x0020, 0x0030, 0x0FFF


def check(what, holds):
    if not holds:
        problems.append(what)


def echo(after):
    """Of three one is answered in time."""
    took = []
    while len(took) < 3 and min(took, default=PATIENCE) >= PATIENCE:
        began = time.monotonic()
        peer = Peer(port)
        check(f"an association after {after}", peer.associate(calling=b"OTHER")[0] == ACCEPT)
        peer.send(pdv(3, command(C_ECHO, 1, VERIFICATION)))
        check(f"an echo after {after}", status(peer) == 0)
        peer.release()
        took.append(time.monotonic() - began)
    check(f"echoes took {took} s after {after}", min(took) < PATIENCE)


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
    cancels_of_nothing()
    repeated_message_id()
    echo("commands")


def judge(what, context, message, data, tag):
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
        peer.close()
        return
    answer = status(peer)
    # An empty or odd priority, and a wrong group length, do no harm: whoever answers may do what was asked for.
    harmless = tag in ((0, 0x700), (0, 0), (0, 0x110), (0, 0x1000), (0, 2), (0, 0x800), (0, 0x100))
    check(f"{what}: answered {answer}", answer != "no status" and (answer != 0 or harmless))
    peer.close()


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
    """A01. COUNT connections that say nothing: each is ended by the ARTIM timer, which the node was told runs for 5 s."""
    artim, opened = 5, {}
    took = []
    for number in range(count):
        peer = Peer(port)
        opened[peer.socket] = time.monotonic()
        if number % 500 == 0:
            echo(f"{number} silent connections")
    lasted = []
    while opened:
        readable, _, _ = poll(opened)
        check("silent connections are ended", readable)
        if not readable:
            break
        for connection in readable:
            lasted.append(time.monotonic() - opened.pop(connection))
            connection.close()
        if len(took) < 100:
            began = time.monotonic()
            echo("a silent connection's end")
            took.append(time.monotonic() - began)
    check(f"ended from {min(lasted):.2f} s", min(lasted) > artim - 1)
    check(f"ended until {max(lasted):.2f} s", max(lasted) < artim + 1 * PATIENCE + len(lasted) / 500)
    print(f"{count} silent connections lasted {min(lasted):.2f} to {max(lasted):.2f} s; slowest of {len(took)} echoes {max(took):.3f} s")


def poll(connections):
    """As select, for more descriptors than 1,024."""
    poller = select.poll()
    by_number = {connection.fileno(): connection for connection in connections}
    for number in by_number:
        poller.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poller.poll(20_000 * PATIENCE)], [], []


{"commands": commands, "silence": silence}[attack]()
if problems:
    sys.exit("\n".join(problems))
