# SPDX-License-Identifier: Apache-2.0
"""negotiation.py PORT FIXTURES: what pynetdicom negotiates beyond contexts, and uses; exits 1 and says what was wrong."""
import sys
import time
from io import BytesIO
from pathlib import Path

from patience import PATIENCE
from unhurried import AE
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import build_role
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
)
from pynetdicom.sop_class import CTImageStorage
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as FIND

port, fixtures = int(sys.argv[1]), Path(sys.argv[2])
problems = []


def check(what, holds):
    if not holds:
        problems.append(what)


def associate(contexts, items):
    ae = AE(ae_title="MOD")
    for abstract in contexts:
        ae.add_requested_context(abstract, "1.2.840.10008.1.2.1")
    association = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR", ext_neg=items)
    check(f"association for {contexts}", association.is_established)
    return association


def window(invoked, performed):
    item = AsynchronousOperationsWindowNegotiation()
    item.maximum_number_operations_invoked = invoked
    item.maximum_number_operations_performed = performed
    return item


def answered(association, kind):
    return [item for item in association.acceptor.primitive.user_information if isinstance(item, kind)]


# Roles: MOD may store and query, and not retrieve.
association = associate([CTImageStorage], [build_role(CTImageStorage, scu_role=True, scp_role=True)])
context = association.accepted_contexts[0]
check(f"the roles: {context.as_scu} {context.as_scp}", context.as_scu and not context.as_scp)
association.release()

# Extended negotiation: no more fields than were asked about.
item = SOPClassExtendedNegotiation()
item.sop_class_uid, item.service_class_application_information = CTImageStorage, b"\x02\x00\x03\x00\x01\x00"
other = SOPClassExtendedNegotiation()
other.sop_class_uid, other.service_class_application_information = FIND, b"\x01\x01\x01"
association = associate([CTImageStorage, FIND], [item, other])
answers = association.acceptor.sop_class_extended
check(f"storage at level 2: {answers}", answers.get(CTImageStorage) == b"\x02\x00\x03\x00\x00\x00")
check(f"three fields of the query: {answers}", len(answers.get(FIND, b"")) == 3)
association.release()

# A class of somebody's own, said to be a storage class: the peer's entry decides (it has --private-sop-classes or not).
item = SOPClassCommonExtendedNegotiation()
item.sop_class_uid, item.service_class_uid = "1.3.12.2.1107.5.9.1", "1.2.840.10008.4.2"
item.related_general_sop_class_identification = [CTImageStorage]
association = associate(["1.3.12.2.1107.5.9.1"], [item])
check("a private storage class", len(association.accepted_contexts) == 1)
association.release()

# No window asked, none answered.
association = associate([CTImageStorage], [])
check("no window", not answered(association, AsynchronousOperationsWindowNegotiation))
association.release()

# Twenty C-STOREs, the window's eight of them always outstanding.
association = associate([CTImageStorage], [window(8, 1)])
agreed = answered(association, AsynchronousOperationsWindowNegotiation)
check("one window", len(agreed) == 1)
check("eight may be outstanding", agreed and agreed[0].maximum_number_operations_invoked == 8)
association._reactor_checkpoint.clear()
template = dcmread(fixtures / "ct-1.dcm")
context = association.accepted_contexts[0].context_id
outstanding, uids, stored = {}, [], []


def answer():
    _, response = association.dimse.get_msg(block=True)
    check("an answer in time", response is not None)
    if response is None:
        return
    check(f"status {response.Status:04x}", response.Status == 0)
    uid = outstanding.pop(response.MessageIDBeingRespondedTo, None)
    check("the answer names its instance", uid == response.AffectedSOPInstanceUID)
    stored.append(uid)


for number in range(1, 21):
    ds = Dataset(template)
    ds.SOPInstanceUID = generate_uid()
    request = C_STORE()
    request.MessageID, request.Priority = number, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = CTImageStorage, ds.SOPInstanceUID
    request.DataSet = BytesIO(encode(ds, False, True))
    if len(outstanding) == 8:
        answer()
    outstanding[number] = ds.SOPInstanceUID
    association.dimse.send_msg(request, context)
deadline = time.monotonic() + 30 * PATIENCE
while outstanding and not problems and time.monotonic() < deadline:
    answer()
check(f"all are stored: {len(stored)}", len(set(stored)) == 20)
association._reactor_checkpoint.set()
association.release()

for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
