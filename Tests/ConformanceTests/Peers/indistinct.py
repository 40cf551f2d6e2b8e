# SPDX-License-Identifier: Apache-2.0
"""indistinct.py PORT TASK...: what is hidden, and what is not there, are the same bytes on the network; exits 1 and says what
tells them apart."""
import socket
import struct
import sys

from rawpeer import STUDY_ROOT_FIND, Peer, command, element, pdv, request
from unhurried import AE
from pydicom.dataset import Dataset
from pynetdicom import build_role, evt
from pynetdicom.sop_class import CTImageStorage
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as GET
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as MOVE

port, task, rest = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
problems = []


def check(what, holds):
    if not holds:
        problems.append(what)


def other(uid):
    """One of the same length that nobody has."""
    return uid[:-4] + ("0000" if not uid.endswith("0000") else "1111")


def uid(text):
    return text.encode() + b"\0" * (len(text) % 2)


def told(calling, identifier):
    """All bytes that come after an association was accepted, until one PDU says that it was the last."""
    peer = Peer(port)
    peer.send(request(calling=calling, contexts=((1, STUDY_ROOT_FIND),)))
    assert peer.read()[0] == 2, "not associated"
    peer.send(pdv(3, command(0x20, 1, STUDY_ROOT_FIND, True)) + pdv(2, identifier))
    said = b""
    while True:
        kind, body = peer.read()
        assert kind == 4, f"PDU {kind}"
        said += body
        at = body.find(b"\x00\x00\x00\x09\x02\x00\x00\x00")
        if at >= 0 and struct.unpack("<H", body[at + 8:at + 10])[0] & 0xFF00 != 0xFF00:
            peer.release()
            return said


def find():
    """Somebody without a grant: at each level, by keys that name what there is, and by keys that name nothing; STUDY PATIENT."""
    study, patient = rest
    level = lambda name: element(8, 0x52, name)
    keys = [
        (level(b"STUDY ") + element(0x20, 0xD, uid(study)), level(b"STUDY ") + element(0x20, 0xD, uid(other(study)))),
        (level(b"STUDY ") + element(0x10, 0x20, patient.encode()),
         level(b"STUDY ") + element(0x10, 0x20, b"#" * len(patient))),
        (level(b"STUDY ") + element(0x20, 0xD, b""), level(b"STUDY ") + element(0x10, 0x20, b"") + element(0x20, 0xD, b"")),
        (level(b"SERIES") + element(0x20, 0xD, uid(study)) + element(0x20, 0xE, b""),
         level(b"SERIES") + element(0x20, 0xD, uid(other(study))) + element(0x20, 0xE, b"")),
    ]
    for there, nowhere in keys:
        said = [told(b"NONE", there), told(b"NONE", nowhere)]
        check(f"{there} is told from {nowhere}: {said}", said[0] == said[1] and len(said[0]) > 0)
    check("who has a grant is told it", len(told(b"WS", keys[0][0])) > len(told(b"NONE", keys[0][0])))


class Transcript:
    """What is said, element by element, without what differs between any two: nothing."""

    def __init__(self, model, wanted, level, **keys):
        self.came = []
        ae = AE(ae_title="WS")
        ae.add_requested_context(model, IMPLICIT)
        ae.add_requested_context(CTImageStorage, [EXPLICIT, IMPLICIT])
        handlers = [(evt.EVT_C_STORE, self.store), (evt.EVT_DATA_RECV, lambda e: self.received.append(e.data))]
        self.received = []
        association = ae.associate(
            "127.0.0.1", port, ae_title="COLLIMATOR", evt_handlers=handlers,
            ext_neg=[build_role(CTImageStorage, scp_role=True)])
        assert association.is_established
        self.received.clear()
        asked = Dataset()
        asked.QueryRetrieveLevel = level
        for name, value in keys.items():
            setattr(asked, name, value)
        if model == GET:
            answers = list(association.send_c_get(asked, model))
        else:
            answers = list(association.send_c_move(asked, "DEST", model))
        self.final = answers[-1][0]
        self.responses = [repr(status) for status, _ in answers]
        self.bytes = b"".join(self.received)
        association.release()

    def store(self, event):
        self.came.append(str(event.request.AffectedSOPInstanceUID))
        return 0


def retrieve():
    """Visible objects mixed with hidden ones, and with such as nobody has: VISIBLE HIDDEN, study UIDs; DEST-PORT."""
    visible, hidden, destination = rest
    ae = AE(ae_title="DEST")
    ae.add_supported_context(CTImageStorage, [EXPLICIT, IMPLICIT])
    server = ae.start_server(("127.0.0.1", int(destination)), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda e: 0)])
    for model in (GET, MOVE):
        mixed = Transcript(model, visible, "STUDY", StudyInstanceUID=[visible, hidden])
        plain = Transcript(model, visible, "STUDY", StudyInstanceUID=[visible, other(hidden)])
        check(f"{model}: {mixed.responses} {plain.responses}", mixed.responses == plain.responses)
        check(f"{model}: the bytes differ", mixed.bytes == plain.bytes and len(plain.bytes) > 0)
        check(f"{model}: {mixed.final}", mixed.final.Status == 0x0000 and "ErrorComment" not in mixed.final)
        for asked in ([hidden], [other(hidden)]):
            nothing = Transcript(model, visible, "STUDY", StudyInstanceUID=asked)
            check(f"{model}: {nothing.responses}", len(nothing.responses) == 1 and "ErrorComment" not in nothing.final)
    # A destination that takes nothing: why is said, and of what is hidden nothing.
    server.shutdown()
    mixed = Transcript(MOVE, visible, "STUDY", StudyInstanceUID=[visible, hidden])
    plain = Transcript(MOVE, visible, "STUDY", StudyInstanceUID=[visible, other(hidden)])
    check(f"failing: {mixed.responses} {plain.responses}", mixed.responses[-1] == plain.responses[-1])
    check(f"failing: {mixed.final}", mixed.final.get("ErrorComment") and hidden not in repr(mixed.final))


def spoofed():
    """A44: the title of a peer, from an address that is not its own: not let in, and not told why it is not."""
    answers = []
    for calling, source in ((b"WS", "127.0.0.2"), (b"STRANGER", "127.0.0.1"), (b"WS", "127.0.0.1")):
        peer = Peer(port)
        peer.close()
        peer.socket = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0))
        peer.send(request(calling=calling, contexts=((1, STUDY_ROOT_FIND),)))
        answers.append(peer.read())
        peer.close()
    # PS3.8 Table 9-21: rejected permanently by the service user, the calling AE title is not recognized.
    check(f"answered {answers[0]}", answers[0] == (3, b"\0\1\1\3"))
    check(f"told from a title that nobody has: {answers[:2]}", answers[0] == answers[1])
    check(f"from its own address {answers[2]}", answers[2][0] == 2)


{"find": find, "retrieve": retrieve, "spoofed": spoofed}[task]()
print("\n".join(problems))
sys.exit(1 if problems else 0)
