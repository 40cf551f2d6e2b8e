# SPDX-License-Identifier: Apache-2.0
"""retrieve.py PORT[@CERTIFICATES] COLLIMATOR DATA TASK...: C-GET and C-MOVE with pynetdicom as the peer WS (or another), judged down to the
bytes; exits 1 and says what was wrong. DATA is the node's data directory."""
import ssl
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

from patience import PATIENCE
from unhurried import AE
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pynetdicom import build_role, evt
from pynetdicom.sop_class import CompositeInstanceRootRetrieveGet as COMPOSITE_GET
from pynetdicom.sop_class import CompositeInstanceRootRetrieveMove as COMPOSITE_MOVE
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelGet as PATIENT_GET
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as GET
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as MOVE

port, _, certificates = sys.argv[1].partition("@")
port, collimator, data, task = int(port), sys.argv[2], sys.argv[3], sys.argv[4]
rest = sys.argv[5:]
problems = []
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


def secured(purpose, name):
    """With the certificates: TLS with one of this name; without: in the clear."""
    if not certificates:
        return None
    made = ssl.create_default_context(purpose, cafile=f"{certificates}/ca.pem")
    made.load_cert_chain(f"{certificates}/{name}.pem", f"{certificates}/{name}.key")
    made.verify_mode = ssl.CERT_REQUIRED
    return made


tls = secured(ssl.Purpose.SERVER_AUTH, "client")
tls = tls and (tls, "localhost")


def check(what, holds):
    if not holds:
        problems.append(what)


def data_set_bytes(path):
    """What follows group 0002, found by its group length alone."""
    whole = Path(path).read_bytes()
    return whole[144 + int.from_bytes(whole[140:144], "little"):]


def identifier(level, **keys):
    asked = Dataset()
    asked.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(asked, keyword, value)
    return asked


class Getting:
    """One association on which objects are got; what arrives is kept as the bytes that came."""

    def __init__(self, contexts, calling="WS", roles=True, on_store=None, status=0x0000):
        self.arrived, self.received, self.on_store, self.status = {}, [], on_store, status
        ae = AE(ae_title=calling)
        for model in (GET, PATIENT_GET, MOVE, COMPOSITE_GET, COMPOSITE_MOVE):
            ae.add_requested_context(model, IMPLICIT)
        for abstract, syntaxes in contexts:
            ae.add_requested_context(abstract, syntaxes)
        classes = sorted({abstract for abstract, _ in contexts})
        negotiation = [build_role(c, scp_role=True) for c in classes] if roles else []
        handlers = [(evt.EVT_C_STORE, self.store), (evt.EVT_DATA_RECV, lambda e: self.received.append(e.data))]
        self.association = ae.associate(
            "127.0.0.1", port, ae_title="COLLIMATOR", ext_neg=negotiation, evt_handlers=handlers, tls_args=tls)
        check("an association", self.association.is_established)
        if not roles:
            # pynetdicom takes no C-STORE on a context whose role it did not propose.
            for context in self.association.accepted_contexts:
                context._as_scp = True

    def store(self, event):
        request = event.request
        self.arrived[request.AffectedSOPInstanceUID] = (
            event.context.transfer_syntax, request.DataSet.getvalue(), request.MoveOriginatorApplicationEntityTitle)
        if self.on_store:
            self.on_store(self, len(self.arrived))
        return self.status

    def get(self, asked, model=GET):
        answers = list(self.association.send_c_get(asked, model))
        return [status for status, _ in answers], answers[-1][1]


def counts(status):
    return tuple(
        status.get(name) for name in
        ("NumberOfRemainingSuboperations", "NumberOfCompletedSuboperations", "NumberOfFailedSuboperations",
         "NumberOfWarningSuboperations"))


def own_contexts(files):
    return sorted({(str(ds.SOPClassUID), str(ds.file_meta.TransferSyntaxUID)) for ds in files})


def fixtures():
    files = [dcmread(path) for path in sorted(Path(rest[0]).glob("*.dcm"))]
    return [ds for ds in files if "StudyInstanceUID" in ds]


def identical():
    """Each study, as it is stored: at every level, and by lists of UIDs."""
    files = fixtures()
    peer = Getting(own_contexts(files))
    studies = sorted({ds.StudyInstanceUID for ds in files})
    statuses, _ = peer.get(identifier("STUDY", StudyInstanceUID=studies))
    check(f"success: {statuses[-1].Status:04X}", statuses[-1].Status == 0x0000)
    check(f"counts {counts(statuses[-1])}", counts(statuses[-1]) == (None, len(files), 0, 0))
    for ds in files:
        got = peer.arrived.get(ds.SOPInstanceUID)
        check(f"{ds.filename} arrives", got is not None)
        if got:
            check(f"{ds.filename} in its syntax", got[0] == ds.file_meta.TransferSyntaxUID)
            check(f"{ds.filename} bit for bit", got[1] == data_set_bytes(ds.filename))
    for status in statuses[:-1]:
        remaining, completed, failed, warning = counts(status)
        check(f"pending adds up: {counts(status)}", remaining + completed + failed + warning == len(files))
    ct = [ds for ds in files if ds.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"]
    one = ct[0]
    for level, keys, wanted in [
        ("SERIES", {"SeriesInstanceUID": one.SeriesInstanceUID},
         [ds for ds in files if ds.SeriesInstanceUID == one.SeriesInstanceUID]),
        ("IMAGE", {"SeriesInstanceUID": one.SeriesInstanceUID, "SOPInstanceUID": [one.SOPInstanceUID, "1.2.3.4"]}, [one]),
    ]:
        peer.arrived.clear()
        statuses, _ = peer.get(identifier(level, StudyInstanceUID=one.StudyInstanceUID, **keys))
        check(f"{level}: {statuses[-1].Status:04X}", statuses[-1].Status == 0x0000)
        check(f"{level}: what arrives", set(peer.arrived) == {ds.SOPInstanceUID for ds in wanted})
    peer.arrived.clear()
    statuses, _ = peer.get(
        identifier("PATIENT", PatientID=one.PatientID, IssuerOfPatientID=one.IssuerOfPatientID), PATIENT_GET)
    wanted = {
        ds.SOPInstanceUID for ds in files
        if ds.PatientID == one.PatientID and ds.get("IssuerOfPatientID") == one.IssuerOfPatientID}
    check("PATIENT: what arrives", set(peer.arrived) == wanted)
    statuses, _ = peer.get(identifier("PATIENT", PatientID="4711"), PATIENT_GET)
    check(f"an ID of two patients: {statuses[-1].Status:04X}", statuses[-1].Status == 0xA900)
    statuses, _ = peer.get(identifier("STUDY", StudyInstanceUID=[f"1.2.826.0.1.{n}" for n in range(10000)]))
    check("ten thousand UIDs of nothing", [s.Status for s in statuses] == [0x0000])
    peer.association.release()


def converted():
    """A peer that takes nothing compressed, and one that takes implicit VR alone."""
    files = fixtures()
    for syntax in (EXPLICIT, IMPLICIT):
        peer = Getting(sorted({(str(ds.SOPClassUID), syntax) for ds in files}))
        studies = sorted({ds.StudyInstanceUID for ds in files})
        statuses, failed = peer.get(identifier("STUDY", StudyInstanceUID=studies))
        check(f"{syntax}: {statuses[-1].Status:04X} {failed}", statuses[-1].Status == 0x0000)
        for ds in files:
            if ds.SOPInstanceUID not in peer.arrived:
                problems.append(f"{ds.filename} does not arrive in {syntax}")
                continue
            got = peer.arrived[ds.SOPInstanceUID]
            if ds.file_meta.TransferSyntaxUID == syntax:
                check(f"{ds.filename} as it is", got[1] == data_set_bytes(ds.filename))
                continue
            copy = read(got[1], syntax)
            check(f"{ds.filename} says the same", str(copy.PatientName) == str(ds.PatientName))
            if "PixelData" in ds:
                check(f"{ds.filename} has its samples", samples(copy) == samples(ds))
        peer.association.release()


def read(data_set, syntax):
    copy = read_dataset(BytesIO(data_set), syntax == IMPLICIT, True)
    copy.file_meta = FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = syntax
    return copy


def samples(ds):
    return ds.pixel_array.tolist()


def refused():
    """Objects that the peer does not take, and objects that it takes with a warning."""
    files = fixtures()
    study = [ds for ds in files if ds.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"][0].StudyInstanceUID
    all_of_it = {ds.SOPInstanceUID for ds in files if ds.StudyInstanceUID == study}
    for answer, final in [(0xA700, 0xA702), (0xB000, 0xB000)]:
        peer = Getting(own_contexts(files), status=answer)
        statuses, failed = peer.get(identifier("STUDY", StudyInstanceUID=study))
        check(f"{answer:04X} ends {statuses[-1].Status:04X}", statuses[-1].Status == final)
        expected = (None, 0, len(all_of_it), 0) if answer == 0xA700 else (None, 0, 0, len(all_of_it))
        check(f"{answer:04X} counts {counts(statuses[-1])}", counts(statuses[-1]) == expected)
        named = failed.get("FailedSOPInstanceUIDList") or []
        named = {named} if isinstance(named, str) else set(named)
        check(f"{answer:04X} names the failed", named == (all_of_it if answer == 0xA700 else set()))
        peer.association.release()
    some = Getting(own_contexts(files))
    some.on_store = lambda peer, n: setattr(peer, "status", 0xC123 if n == 1 else 0x0000)
    statuses, failed = some.get(identifier("STUDY", StudyInstanceUID=study))
    check(f"one of several: {statuses[-1].Status:04X}", statuses[-1].Status == 0xB000)
    check("the one is named", failed.FailedSOPInstanceUIDList == next(iter(some.arrived)))
    some.association.release()
    without = Getting([("1.2.840.10008.5.1.4.1.1.4", [EXPLICIT])])
    statuses, _ = without.get(identifier("STUDY", StudyInstanceUID=study))
    check(f"no context for it: {statuses[-1].Status:04X}", statuses[-1].Status == 0xA702)
    check("with a reason", "SOP class" in statuses[-1].get("ErrorComment", ""))
    without.association.release()


def composite():
    """PS3.4 annex Y: objects of several studies by their own UIDs alone, got and moved; frames are refused."""
    files = fixtures()
    wanted = [files[0], files[-1], next(ds for ds in files if ds.StudyInstanceUID != files[0].StudyInstanceUID)]
    uids = sorted({ds.SOPInstanceUID for ds in wanted})
    peer = Getting(own_contexts(files))
    statuses, _ = peer.get(identifier("IMAGE", SOPInstanceUID=uids + ["1.2.3.4"]), COMPOSITE_GET)
    check(f"got {statuses[-1].Status:04X} {counts(statuses[-1])}", statuses[-1].Status == 0x0000)
    check("those", set(peer.arrived) == set(uids))
    for ds in wanted:
        got = peer.arrived.get(ds.SOPInstanceUID)
        check(f"{ds.filename} bit for bit", got is not None and got[1] == data_set_bytes(ds.filename))
    statuses, _ = peer.get(identifier("IMAGE", SOPInstanceUID="1.2.3.4"), COMPOSITE_GET)
    check("nothing", [s.Status for s in statuses] == [0x0000])
    arrived = []
    ae = AE(ae_title="WS")
    for abstract, syntax in own_contexts(files):
        ae.add_supported_context(abstract, [syntax, EXPLICIT, IMPLICIT])

    def store(event):
        arrived.append(event.request.AffectedSOPInstanceUID)
        return 0x0000
    server = ae.start_server(
        ("127.0.0.1", int(rest[1])), block=False, ssl_context=secured(ssl.Purpose.CLIENT_AUTH, "server"),
        evt_handlers=[(evt.EVT_C_STORE, store)])
    answers = list(peer.association.send_c_move(identifier("IMAGE", SOPInstanceUID=uids), "WS", COMPOSITE_MOVE))
    check(f"moved {answers[-1][0].Status:04X}", answers[-1][0].Status == 0x0000 and sorted(arrived) == uids)
    peer.arrived.clear()
    for keys, expected in [
        ({"SOPInstanceUID": uids[0], "SimpleFrameList": [1]}, 0xAA02),
        ({"SOPInstanceUID": "1.2.3.4", "SimpleFrameList": [1]}, 0xAA02),
        ({"SOPInstanceUID": uids[0]}, 0xAA04),
    ]:
        statuses, _ = peer.get(identifier("FRAME", **keys), COMPOSITE_GET)
        check(f"{keys}: {statuses[-1].Status:04X}", [s.Status for s in statuses] == [expected])
        answers = list(peer.association.send_c_move(identifier("FRAME", **keys), "WS", COMPOSITE_MOVE))
        check(f"{keys} moved: {answers[-1][0].Status:04X}", [s.Status for s, _ in answers] == [expected])
    for level, keys in [("STUDY", {"StudyInstanceUID": files[0].StudyInstanceUID}), ("IMAGE", {})]:
        statuses, _ = peer.get(identifier(level, **keys), COMPOSITE_GET)
        check(f"{level}: {statuses[-1].Status:04X}", [s.Status for s in statuses] == [0xA900])
    check("no frames, and nothing else", not peer.arrived)
    peer.association.release()
    server.shutdown()


def transcripts():
    """Hidden and nonexistent are the same bytes: STUDY, and a UID that nobody has, of the same length."""
    study = rest[1]
    other = study[:-4] + ("0000" if not study.endswith("0000") else "1111")
    said = []
    for uid in (study, other):
        peer = Getting(own_contexts(fixtures()), calling=rest[2])
        peer.received.clear()
        statuses, _ = peer.get(identifier("STUDY", StudyInstanceUID=uid))
        check(f"{uid}: {[s.Status for s in statuses]}", [s.Status for s in statuses] == [0x0000])
        if len(rest) > 3:
            moved = list(peer.association.send_c_move(identifier("STUDY", StudyInstanceUID=uid), rest[3], MOVE))
            check(f"moved {moved}", [status.Status for status, _ in moved] == [0x0000])
        check("nothing arrives", not peer.arrived)
        peer.association.release()
        said.append(b"".join(peer.received))
    check("the same bytes", said[0] == said[1] and len(said[0]) > 0)


def revoked():
    """The grant ends while the third object is on its way: there is no fourth."""
    def revoke(peer, n):
        if n == 3:
            done = subprocess.run([collimator, "grant", "revoke", rest[1], "--data", data], capture_output=True)
            check("revoked", done.returncode == 0)
    peer = Getting([("1.2.840.10008.5.1.4.1.1.2", [EXPLICIT, IMPLICIT])], on_store=revoke)
    statuses, failed = peer.get(identifier("STUDY", StudyInstanceUID=rest[0]))
    check(f"three arrive: {len(peer.arrived)}", len(peer.arrived) == 3)
    check(f"{statuses[-1].Status:04X}", statuses[-1].Status == 0xB000)
    remaining, completed, failures, _ = counts(statuses[-1])
    check(f"counts {counts(statuses[-1])}", completed == 3 and failures == int(rest[2]) - 3)
    # Their number had been told already; by their names nobody hears of them any more.
    check("what is hidden is not named", failed is not None and not failed.FailedSOPInstanceUIDList)
    peer.association.release()


def cancelled():
    """C-CANCEL while objects arrive: heard at once, and the counts say what was done."""
    asked_at = []

    def cancel(peer, n):
        if n == 20:
            asked_at.append(time.monotonic())
            peer.association.send_c_cancel(1, query_model=GET)
    peer = Getting([("1.2.840.10008.5.1.4.1.1.2", [EXPLICIT, IMPLICIT])], on_store=cancel)
    statuses, _ = peer.get(identifier("STUDY", StudyInstanceUID=rest[0]))
    took = time.monotonic() - asked_at[0]
    check(f"{statuses[-1].Status:04X}", statuses[-1].Status == 0xFE00)
    remaining, completed, failures, _ = counts(statuses[-1])
    check(f"counts {counts(statuses[-1])}", remaining + completed == int(rest[1]) and failures == 0)
    check(f"{completed} completed, {len(peer.arrived)} arrived", completed == len(peer.arrived))
    check(f"heard after {took:.3f} s and {completed - 20} objects", took < 0.1 * PATIENCE + float(rest[2]) and completed < 100)
    check("pending at a steady pace", 1 <= len(statuses) - 1 <= completed // 10 + 2)
    peer.association.release()


def without_roles():
    """As workstations that propose no roles ask; the node was told to assume them, or was not (rest[1])."""
    files = fixtures()
    peer = Getting(own_contexts(files), roles=False)
    study = [ds for ds in files if ds.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"][0].StudyInstanceUID
    statuses, _ = peer.get(identifier("STUDY", StudyInstanceUID=study))
    if rest[1] == "assumed":
        check(f"{statuses[-1].Status:04X}", statuses[-1].Status == 0x0000)
        check("arrived", len(peer.arrived) == len([ds for ds in files if ds.StudyInstanceUID == study]))
    else:
        check(f"{statuses[-1].Status:04X}", statuses[-1].Status == 0xA702)
        check("nothing arrives", not peer.arrived)
    peer.association.release()


def moved():
    """Who is named as the originator, and a destination that is the caller itself: rest is FIXTURES PORT."""
    seen = []
    ae = AE(ae_title="WS")
    files = fixtures()
    for abstract, syntax in own_contexts(files):
        ae.add_supported_context(abstract, [syntax, EXPLICIT, IMPLICIT])

    def store(event):
        request = event.request
        seen.append((request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID,
                     request.AffectedSOPInstanceUID, request.DataSet.getvalue()))
        return 0x0000
    server = ae.start_server(
        ("127.0.0.1", int(rest[1])), block=False, ssl_context=secured(ssl.Purpose.CLIENT_AUTH, "server"),
        evt_handlers=[(evt.EVT_C_STORE, store)])
    peer = Getting([], calling="WS")
    answers = list(peer.association.send_c_move(
        identifier("STUDY", StudyInstanceUID=sorted({ds.StudyInstanceUID for ds in files})), "WS", MOVE, msg_id=77))
    check(f"{answers[-1][0]}", answers[-1][0].Status == 0x0000)
    check("the originator", {(title, number) for title, number, _, _ in seen} == {("WS", 77)})
    check("all, bit for bit", {(uid, dataset) for _, _, uid, dataset in seen}
          == {(ds.SOPInstanceUID, data_set_bytes(ds.filename)) for ds in files})
    for title in ("NOBODY", "COLLIMATOR", "127.0.0.1", "LAN", "NOPORT"):
        answers = list(peer.association.send_c_move(
            identifier("STUDY", StudyInstanceUID=files[0].StudyInstanceUID), title, MOVE))
        check(f"to {title}: {answers[-1][0].Status:04X}", [s.Status for s, _ in answers] == [0xA801])
    peer.association.release()
    server.shutdown()


def destination_revoked():
    """The destination's own grant (rest[1]) ends while the third object is on its way to it: there is no fourth."""
    arrived = []

    def store(event):
        arrived.append(event.request.AffectedSOPInstanceUID)
        if len(arrived) == 3:
            done = subprocess.run([collimator, "grant", "revoke", rest[1], "--data", data], capture_output=True)
            check("revoked", done.returncode == 0)
        return 0x0000
    ae = AE(ae_title="DEST")
    ae.add_supported_context("1.2.840.10008.5.1.4.1.1.2")
    server = ae.start_server(("127.0.0.1", int(rest[3])), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    peer = Getting([])
    answers = list(peer.association.send_c_move(identifier("STUDY", StudyInstanceUID=rest[0]), "DEST", MOVE))
    check(f"three arrive: {len(arrived)}", len(arrived) == 3)
    check(f"counts {counts(answers[-1][0])}", counts(answers[-1][0]) == (None, 3, int(rest[2]) - 3, 0))
    check(f"{answers[-1][0].Status:04X}", answers[-1][0].Status == 0xB000)
    peer.association.release()
    server.shutdown()


{f.__name__: f for f in (
    identical, converted, refused, composite, transcripts, revoked, cancelled, without_roles, moved, destination_revoked)}[task]()
print("\n".join(problems))
sys.exit(1 if problems else 0)
