# SPDX-License-Identifier: Apache-2.0
"""queries.py PORT FIXTURES [CERTIFICATES]: what PS3.4 annex C offers beyond the usual, asked by pynetdicom; exits 1 and says
what was wrong. MOD may query everything; LIMITED gets two answers and ISO_IR 100."""
import ssl
import sys
import time
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind as PATIENT_ROOT
from pynetdicom.sop_class import PatientStudyOnlyQueryRetrieveInformationModelFind as STUDY_ONLY
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as STUDY_ROOT
from patience import PATIENCE
from unhurried import AE

port, fixtures = int(sys.argv[1]), Path(sys.argv[2])
files = [dcmread(path, stop_before_pixels=True) for path in sorted(fixtures.glob("*.dcm"))]
files = [ds for ds in files if "StudyInstanceUID" in ds]
problems = []
tls = None
if len(sys.argv) > 3:
    context = ssl.create_default_context(cafile=f"{sys.argv[3]}/ca.pem")
    context.load_cert_chain(f"{sys.argv[3]}/client.pem", f"{sys.argv[3]}/client.key")
    tls = (context, "localhost")


def check(what, holds):
    if not holds:
        problems.append(what)


def associate(asked=None, title="MOD"):
    ae = AE(ae_title=title)
    for model in (PATIENT_ROOT, STUDY_ROOT, STUDY_ONLY):
        ae.add_requested_context(model)
    items = []
    if asked is not None:
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid, item.service_class_application_information = STUDY_ROOT, bytes(asked)
        items.append(item)
    association = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR", ext_neg=items, tls_args=tls)
    check(f"association of {title}", association.is_established)
    if asked is not None:
        said = association.acceptor.sop_class_extended.get(STUDY_ROOT)
        expected = bytes(1 if one and place != 4 else 0 for place, one in enumerate(asked))
        check(f"what was agreed: {said}", said == expected)
    return association


def ask(association, level, model=STUDY_ROOT, charset="ISO_IR 192", **keys):
    query = Dataset()
    query.SpecificCharacterSet = charset
    query.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    answers = list(association.send_c_find(query, model))
    return answers[-1][0], [answer for _, answer in answers[:-1]]


def uids(found, keyword):
    return {str(answer[keyword].value) for answer in found}


def of(keyword, holds):
    return {str(ds[keyword].value) for ds in files if holds(ds)}


# Hierarchical: the unique keys of the levels above are needed, and the refusal says which.
association = associate()
status, _ = ask(association, "IMAGE", SOPInstanceUID="", PatientID="4711")
check(f"A900 without the unique keys: {status}", status.Status == 0xA900 and status.OffendingElement == 0x0020000D)
status, _ = ask(association, "STUDY", StudyInstanceUID="", PatientID="4711", StudyTime="1060-x")
check(f"A900 for what is no time: {status}", status.Status == 0xA900 and "time" in status.ErrorComment)
status, found = ask(association, "STUDY", STUDY_ONLY, PatientID="F100", StudyInstanceUID="")
check("Patient/Study Only", uids(found, "StudyInstanceUID") == of("StudyInstanceUID", lambda ds: ds.get("PatientID") == "F100"))
status, found = ask(association, "PATIENT", PATIENT_ROOT, PatientName="lindqvist*", PatientID="")
check("patients by name", uids(found, "PatientID") == {"F100", "F101", "F102"})
for answer in found:
    check("each answer says what and where", answer.InstanceAvailability == "ONLINE" and answer.RetrieveAETitle == "COLLIMATOR")
_, found = ask(association, "STUDY", charset="ISO_IR 100", StudyInstanceUID="", PatientName="MAIER^JURGEN")
check("the character set that was asked for", found and all(
    answer.SpecificCharacterSet == "ISO_IR 100" and answer.PatientName == "Maier^Jürgen" for answer in found))
_, found = ask(association, "STUDY", charset="ISO_IR 100", StudyInstanceUID="", PatientName="YAMADA*")
check("UTF-8 where that lacks characters", found and all(answer.SpecificCharacterSet == "ISO_IR 192" for answer in found))
_, dogs = ask(association, "STUDY", StudyInstanceUID="", PatientSpeciesDescription="", ResponsiblePerson="", PatientName="*^Rex")
dog = next(ds for ds in files if str(ds.PatientName).endswith("Rex"))
check("veterinary keys", len(dogs) == 1 and dogs[0].PatientSpeciesDescription == dog.get("PatientSpeciesDescription", ""))
many = [f"1.2.840.99.{number}" for number in range(10_000)] + [files[0].StudyInstanceUID]
_, found = ask(association, "STUDY", StudyInstanceUID=many)
check("one of ten thousand UIDs", uids(found, "StudyInstanceUID") == {files[0].StudyInstanceUID})
began = time.monotonic()
status, found = ask(association, "STUDY", StudyInstanceUID="", PatientName="*" * 100_000 + "#")
check("many stars", status.Status == 0 and not found and time.monotonic() - began < 10 * PATIENCE)
association.release()

# Relational, and all else that can be agreed to.
association = associate([1, 1, 1, 1, 1, 1, 1])
_, found = ask(association, "IMAGE", SOPInstanceUID="", PatientID="4711", Modality="CT", StudyInstanceUID="", SeriesInstanceUID="")
check("relational", uids(found, "SOPInstanceUID") == of(
    "SOPInstanceUID", lambda ds: ds.get("PatientID") == "4711" and ds.Modality == "CT"))
_, found = ask(association, "STUDY", StudyInstanceUID="", PatientName="Meyer^Juergen")
check("names by their sound", uids(found, "StudyInstanceUID") == of(
    "StudyInstanceUID", lambda ds: str(ds.PatientName) == "Maier^Jürgen"))
_, found = ask(association, "STUDY", StudyInstanceUID="", PatientID='""')
check("empty values", uids(found, "StudyInstanceUID") == of("StudyInstanceUID", lambda ds: not ds.get("PatientID")))
_, found = ask(association, "STUDY", StudyInstanceUID="", PatientID="4711", ModalitiesInStudy=["CT", "MR"])
check("each of several values", not found)
association.release()

# A profile of its own.
association = associate(title="LIMITED")
status, found = ask(association, "STUDY", charset="", StudyInstanceUID="", PatientName="")
check(f"A700 past the limit: {status}", status.Status == 0xA700 and len(found) == 2)
_, found = ask(association, "STUDY", charset="ISO_IR 6", StudyInstanceUID="", PatientName="Maier*", StudyDate="20260211")
check("the profile's character set", found and found[0].SpecificCharacterSet == "ISO_IR 100")
association.release()

print("\n".join(problems))
sys.exit(1 if problems else 0)
