# SPDX-License-Identifier: Apache-2.0
"""unread.py PORT SERVICE STUDY SERIES WRITE-TIMEOUT --watched PID DATA: A16. A C-FIND or C-GET of all there is, of whose answers not
a byte is read: what the node holds for it is bounded, and after its deadline it hangs up, which is one refusal. Before that somebody
reads slowly for some deadlines, faster than one has to, and is not hung up on: the system has taken far more than is read meanwhile.
Watched by oracle.py; exits 1 and says what was wrong. SERVICE is `find` or `get`."""
import socket
import struct
import sys
import time

from oracle import Oracle
from patience import PATIENCE
from rawpeer import ACCEPT, CT, STUDY_ROOT_FIND, Peer, command, element, item, pdv

problems = []
oracle = Oracle(problems, int(sys.argv[1]))
port, service, study, series, deadline = int(sys.argv[1]), sys.argv[2], *map(str.encode, sys.argv[3:5]), float(sys.argv[5])
STUDY_ROOT_GET = b"1.2.840.10008.5.1.4.1.2.2.3"
# KiB that may be held of answers that nobody reads: pages, pieces of files, what the sockets take is the kernel's.
MOST_HELD = 48 << 10


def ask():
    """An association with the least room for what comes, on which everything is asked for."""
    peer = Peer(port)
    peer.socket.close()
    peer.socket = socket.socket()
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.socket.settimeout(60 * PATIENCE)
    peer.socket.connect(("127.0.0.1", port))
    # As many operations at once as one likes, and the role of an SCP of storage (PS3.7 D.3.3.3 and D.3.3.4).
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + item(0x53, bytes(4))
    user += item(0x54, struct.pack(">H", len(CT)) + CT + b"\0\1")
    model = STUDY_ROOT_FIND if service == "find" else STUDY_ROOT_GET
    kind, _ = peer.associate(contexts=((1, model), (3, CT)), user=user)
    if kind != ACCEPT:
        problems.append(f"no association: {kind}")
    level = b"IMAGE " if service == "find" else b"SERIES"
    identifier = element(8, 0x52, level) + element(0x20, 0xD, study) + element(0x20, 0xE, series)
    if service == "find":
        identifier = element(8, 0x18, b"") + identifier
    peer.send(pdv(3, command(0x20 if service == "find" else 0x10, 1, model, has_data=True)) + pdv(2, identifier))
    return peer


def slowly():
    peer, began = ask(), time.monotonic()
    try:
        while time.monotonic() < began + 3 * deadline and peer.socket.recv(2048):
            time.sleep(0.05)
    except ConnectionError as error:
        problems.append(f"who reads slowly is hung up on: {error}")
    if not count_live():
        problems.append("who reads slowly is hung up on")
    peer.reset()
    began = time.monotonic()
    while count_live() and time.monotonic() < began + 60 * PATIENCE:
        pass


def unread():
    with oracle.refusals(f"an unread C-{service.upper()}"):
        before, began = oracle.resident(), time.monotonic()
        peer, most = ask(), 0
        while (live := count_live()) and time.monotonic() < began + deadline + 60 * PATIENCE:
            most = max(most, oracle.resident())
        took = time.monotonic() - began
        print(f"C-{service.upper()}: {most - before} KiB more at most, over after {took:.1f} s")
        if live:
            problems.append("the association goes on")
        if took < deadline:
            problems.append(f"it was over after {took:.1f} s: there was nothing to wait for")
        if most - before > MOST_HELD:
            problems.append(f"{most - before} KiB are held for who does not read")
        peer.close()


def count_live():
    """Of the peer that does not read; how its connection ends cannot be seen from here without reading."""
    time.sleep(0.02)
    return sum(one["callingAETitle"] == "MOD" for one in oracle.status()["live"])


slowly()
oracle.watch(unread)
if problems:
    sys.exit("\n".join(problems))
