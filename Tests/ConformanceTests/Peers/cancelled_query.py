# SPDX-License-Identifier: Apache-2.0
"""cancelled_query.py PORT STUDY SERIES ROWS: a query that has so many answers is cancelled after its first page (PS3.7 §9.3.2.3). It
ends with cancel, and what still comes is what was on the way, and a few pages; where nothing else runs (COLLIMATOR_QUIET=1)
within 100 ms. Exits 1 and says what was wrong."""
import fcntl
import socket
import struct
import sys
import termios
import time

from patience import PATIENCE
from rawpeer import ACCEPT, STUDY_ROOT_FIND, Peer, command, element, pdv

port, study, series, rows = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode(), int(sys.argv[4])
PAGE = 256
CANCEL, SUCCESS = 0xFE00, 0x0000


class Answers:
    """Counts whole C-FIND-RSPs in what came."""

    def __init__(self):
        self.rest, self.pending, self.final, self.bytes = b"", 0, None, 0

    def take(self, received):
        assert received, "hung up"
        self.rest += received
        self.bytes += len(received)
        at = 0
        while len(self.rest) - at >= 6 and len(self.rest) - at >= 6 + struct.unpack_from(">I", self.rest, at + 2)[0]:
            end = at + 6 + struct.unpack_from(">I", self.rest, at + 2)[0]
            at += 6
            while at < end:
                size = 4 + struct.unpack_from(">I", self.rest, at)[0]
                if self.rest[at + 5] & 1:
                    self.command(self.rest[at + 6 : at + size])
                at += size
        self.rest = self.rest[at:]

    def command(self, fragment):
        at = fragment.index(b"\x00\x00\x00\x09\x02\x00\x00\x00")
        status = struct.unpack_from("<H", fragment, at + 8)[0]
        if status & 0xFF00 == 0xFF00:
            self.pending += 1
        else:
            self.final = status


def unread(sock):
    """Bytes that the node has written and nobody has read: here, and in the node's own socket."""
    here = struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, b"\0" * 4))[0]
    mine = sock.getsockname()[1]
    for line in open("/proc/net/tcp").readlines()[1:]:
        fields = line.split()
        if int(fields[1].split(":")[1], 16) == port and int(fields[2].split(":")[1], 16) == mine:
            return here + int(fields[4].split(":")[0], 16)
    return here


def full(sock):
    """The same when no more goes on its way: a node that waits for its processor has not sent all that there is room for."""
    before, now = -1, unread(sock)
    for _ in range(200):
        if now == before:
            break
        time.sleep(0.05 * PATIENCE)
        before, now = now, unread(sock)
    return now


def once():
    peer = Peer(port)
    peer.socket.close()
    peer.socket = socket.socket()
    # Little room on the way, so that the node is in the midst of it.
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    peer.socket.connect(("127.0.0.1", port))
    assert peer.associate(contexts=((1, STUDY_ROOT_FIND),))[0] == ACCEPT
    identifier = element(8, 0x18, b"") + element(8, 0x52, b"IMAGE ") + element(0x20, 0xD, study) + element(0x20, 0xE, series)
    peer.send(pdv(3, command(0x20, 7, STUDY_ROOT_FIND, has_data=True)) + pdv(2, identifier))
    answers = Answers()
    while answers.pending < PAGE:
        answers.take(peer.socket.recv(4096))
    before, on_the_way, size = answers.pending, full(peer.socket), answers.bytes / answers.pending
    cancel = element(0, 0x100, b"\xff\x0f") + element(0, 0x120, b"\7\0") + element(0, 0x800, b"\1\1")
    began = time.monotonic()
    peer.send(pdv(3, element(0, 0, struct.pack("<I", len(cancel))) + cancel))
    while answers.final is None:
        answers.take(peer.socket.recv(65536))
    took = time.monotonic() - began
    peer.release()
    return took, answers.final, answers.pending - before, on_the_way / size


problems, times = [], []
for _ in range(5):
    took, final, after, on_the_way = once()
    times.append(took)
    print(f"{final:04X} after {took * 1000:.1f} ms and {after} answers, {on_the_way:.0f} of which were on the way")
    if final != CANCEL:
        problems.append(f"it ended with {final:04X}")
    if after > on_the_way + 8 * PAGE or after > rows / 2:
        problems.append(f"{after} answers came after the cancel, {on_the_way:.0f} were on the way")
if max(times) > (0.1 if PATIENCE == 1 else 1.0 * PATIENCE):
    problems.append(f"the cancel took {max(times):.3f} s")
sys.exit("\n".join(problems) if problems else 0)
