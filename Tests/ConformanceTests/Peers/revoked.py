# SPDX-License-Identifier: Apache-2.0
"""revoked.py MODE PORT DATA COLLIMATOR STUDY: takes a grant away from WS while it is answered. Exits 1 and says what was told
or sent after `grant revoke` had returned. MODE: fast (reads all the while), slow (stops reading), get (a C-GET)."""
import fcntl
import socket
import struct
import subprocess
import sys
import termios
import time

from rawpeer import Peer, STUDY_ROOT_FIND, command, element, pdv, request

mode, port, data, collimator, study = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
PAGE = 256


def run(*arguments):
    return subprocess.Popen([collimator, *arguments, "--data", data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)


def grant():
    """Gives WS all there is; returns the number of the grant."""
    process = run("grant", "add", "--to", "WS", "--everything")
    words = process.communicate()[0]
    assert process.returncode == 0, words
    return words.split()[1].rstrip(":")


class Answers:
    """Counts whole C-FIND-RSPs in what came."""

    def __init__(self):
        self.rest, self.pending, self.final, self.bytes = b"", 0, None, 0

    def take(self, received):
        self.rest += received
        self.bytes += len(received)
        while len(self.rest) >= 6:
            length = 6 + struct.unpack(">I", self.rest[2:6])[0]
            if len(self.rest) < length:
                return
            body, self.rest = self.rest[6:length], self.rest[length:]
            while body:
                size = 4 + struct.unpack(">I", body[:4])[0]
                self.message(body[5], body[6:size])
                body = body[size:]

    def message(self, control, fragment):
        if not control & 1:
            return
        at = fragment.index(b"\x00\x00\x00\x09\x02\x00\x00\x00")
        status = struct.unpack("<H", fragment[at + 8:at + 10])[0]
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


def ask():
    peer = Peer(port)
    if mode == "slow":
        peer.socket.close()
        peer.socket = socket.socket()
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.socket.connect(("127.0.0.1", port))
    peer.send(request(calling=b"WS", contexts=((1, STUDY_ROOT_FIND),)))
    assert peer.read()[0] == 2, "not associated"
    uid = study.encode() + b"\0" * (len(study) % 2)
    identifier = element(8, 0x18, b"") + element(8, 0x52, b"IMAGE ") + element(0x20, 0xD, uid) + element(
        0x20, 0xE, SERIES.encode() + b"\0" * (len(SERIES) % 2))
    peer.send(pdv(3, command(0x20, 1, STUDY_ROOT_FIND, True)) + pdv(2, identifier))
    return peer.socket


def find():
    number = grant()
    sock = ask()
    answers = Answers()
    while answers.pending < 600:
        answers.take(sock.recv(2048))
    begun = time.monotonic()
    revoke = run("grant", "revoke", number)
    if mode == "fast":
        sock.setblocking(False)
        while revoke.poll() is None:
            drain(sock, answers)
        drain(sock, answers)
    else:
        revoke.wait()
    took = time.monotonic() - begun
    assert revoke.returncode == 0, revoke.communicate()[0]
    written, before, size = unread(sock), answers.pending, answers.bytes / answers.pending
    sock.setblocking(True)
    while answers.final is None:
        received = sock.recv(65536)
        assert received, "hung up"
        answers.take(received)
    # What was written is not taken back; a page that stood before a full connection is on the wire.
    most = written / size + (PAGE + 2 if mode == "slow" else 1)
    after = answers.pending - before
    print(f"{mode}: {before} before, {after} after, {written} bytes were on the way, revoked in {took:.2f} s")
    sock.close()
    if answers.final != 0:
        return f"status {answers.final:04x}"
    if after > most:
        return f"{after} pending responses after grant revoke had returned, {most:.0f} could be on the way"
    return None if answers.pending < 30_000 else "all was told: nothing was revoked"


def drain(sock, answers):
    try:
        while True:
            received = sock.recv(65536)
            assert received, "hung up"
            answers.take(received)
    except BlockingIOError:
        pass


def get():
    from pydicom.dataset import Dataset
    from pynetdicom import AE, build_role, evt
    from pynetdicom.sop_class import CTImageStorage, StudyRootQueryRetrieveInformationModelGet as STUDY_ROOT_GET
    number, came, revoked = grant(), [], []

    def store(event):
        came.append(str(event.request.AffectedSOPInstanceUID))
        if len(came) == 3:
            process = run("grant", "revoke", number)
            words = process.communicate()[0]
            revoked.append((process.returncode, words))
        return 0

    ae = AE(ae_title="WS")
    ae.add_requested_context(STUDY_ROOT_GET)
    ae.add_requested_context(CTImageStorage)
    association = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR", evt_handlers=[(evt.EVT_C_STORE, store)],
                               ext_neg=[build_role(CTImageStorage, scp_role=True)])
    assert association.is_established
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", study
    answers = list(association.send_c_get(identifier, STUDY_ROOT_GET))
    association.release()
    final, failed = answers[-1]
    print(f"get: {len(came)} came, {final.Status:04x}")
    # The number was told already; which they are is not to be told any more.
    if not final.NumberOfFailedSuboperations or failed is None or failed.get("FailedSOPInstanceUIDList"):
        return f"{final.NumberOfFailedSuboperations} failed, named: {failed}"
    if revoked != [(0, f"grant {number} is revoked.\n")]:
        return f"revoked: {revoked}"
    return None if len(came) == 3 else f"{len(came)} objects came, the grant was revoked at the third"


SERIES = sys.argv[6] if len(sys.argv) > 6 else ""
problems = []
for _ in range(1 if mode == "get" else 5):
    problem = get() if mode == "get" else find()
    if problem:
        problems.append(problem)
print("\n".join(problems))
sys.exit(1 if problems else 0)
