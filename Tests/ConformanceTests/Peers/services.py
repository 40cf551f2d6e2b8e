# SPDX-License-Identifier: Apache-2.0
"""services.py PORT FIXTURES [CERTIFICATES]: Verification, Storage and Query with pynetdicom, over TLS with a folder of
certificates; exits 1 and says what was wrong."""
import ssl
import sys
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND
from pynetdicom.sop_class import Verification
from unhurried import AE

port, fixtures = int(sys.argv[1]), Path(sys.argv[2])
problems = []
tls = None
if len(sys.argv) > 3:
    context = ssl.create_default_context(cafile=f"{sys.argv[3]}/ca.pem")
    context.load_cert_chain(f"{sys.argv[3]}/client.pem", f"{sys.argv[3]}/client.key")
    tls = (context, "localhost")


def check(what, holds):
    if not holds:
        problems.append(what)


def associate(contexts):
    ae = AE(ae_title="MOD")
    for abstract, syntaxes in contexts:
        ae.add_requested_context(abstract, syntaxes)
    association = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR", tls_args=tls)
    check(f"association for {contexts}", association.is_established)
    return association


files = [dcmread(path) for path in sorted(fixtures.glob("*.dcm"))]
contexts = sorted({(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID) for ds in files})
association = associate([(cls, syntax) for cls, syntax in contexts])
for ds in files:
    check(f"C-STORE of {ds.filename}", association.send_c_store(ds).Status == 0x0000)
association.release()

association = associate([(Verification, "1.2.840.10008.1.2"), (FIND, "1.2.840.10008.1.2")])
check("C-ECHO", association.send_c_echo().Status == 0x0000)
query = Dataset()
query.QueryRetrieveLevel = "STUDY"
query.SpecificCharacterSet = "ISO_IR 192"
query.PatientName = "LINDQVIST*"
query.StudyInstanceUID = query.StudyDate = query.ModalitiesInStudy = ""
query.NumberOfStudyRelatedInstances = None
answers = [(status.Status, answer) for status, answer in association.send_c_find(query, FIND)]
check(f"five studies of the family: {len(answers) - 1}", len(answers) == 6)
check("pending, then success", [s for s, _ in answers] == [0xFF00] * 5 + [0x0000])
check("names in their character set", "Lindqvist^Åsa" in {str(a.PatientName) for _, a in answers[:-1]})
check("the retrieve AE title", all(a.RetrieveAETitle == "COLLIMATOR" for _, a in answers[:-1]))
query.PatientName = "山田*"
answers = list(association.send_c_find(query, FIND))
check("a name in its own script", len(answers) == 2 and answers[0][1].PatientName.ideographic == "山田^太郎")
query.PatientName, query.StudyDate = "", "20260101-20260601"
expected = {ds.StudyInstanceUID for ds in files if "StudyDate" in ds and "20260101" <= ds.StudyDate <= "20260601"}
answers = list(association.send_c_find(query, FIND))
check("a range of dates", {a.StudyInstanceUID for _, a in answers[:-1]} == expected)
query.add_new(0x00189999, "LO", "")
statuses = {status.Status for status, _ in association.send_c_find(query, FIND)}
check(f"an unsupported key is said to be one: {statuses}", statuses == {0xFF01, 0x0000})
association.release()

# Request and data set contradict each other: refused, and the association goes on.
ds = dcmread(fixtures / "ct-1.dcm")
association = associate([(ds.SOPClassUID, ds.file_meta.TransferSyntaxUID)])
request = C_STORE()
request.MessageID, request.Priority = 99, 2
request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = ds.SOPClassUID, "1.2.3.4"
request.DataSet = BytesIO(encode(ds, False, True))
context = association.accepted_contexts[0]
association._reactor_checkpoint.clear()
association.dimse.send_msg(request, context.context_id)
_, response = association.dimse.get_msg(block=True)
association._reactor_checkpoint.set()
check(f"a contradiction is A900: {response.Status:04x}", response.Status == 0xA900)
check(f"with the element to blame: {response.OffendingElement}", "0008,0018" in str(response.OffendingElement))
check("with a comment", 0 < len(response.ErrorComment or "") <= 64)
check("and the next one is stored", association.send_c_store(ds).Status == 0x0000)
association.release()

if problems:
    sys.exit("\n".join(problems))
print("all as it should be")
