# SPDX-License-Identifier: Apache-2.0
"""mixed.py PORT FILE SEED LOG COUNT COLLIMATOR DIR: operations of all kinds as a random schedule says, each with a name of its
own, over DICOM and by commands; writes a line to LOG once it was acknowledged: `store UID`, `query ID`, `get UID`,
`move UID`, `commit UID`, `login N`, `refused N`, `grant UID`, `revoke UID`, `peer NAME`, `delete UID`. Ends when the node is
gone. The peer DST is told where objects are moved to, and the user ann has a password."""
import queue
import random
import re
import subprocess
import sys

from pydicom import Dataset, dcmread
from pynetdicom import AE, build_role, evt
from pynetdicom.pdu_primitives import UserIdentityNegotiation

port, path, seed, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[5])
log, collimator, directory = open(sys.argv[4], "a", buffering=1), sys.argv[6], sys.argv[7]
chance = random.Random(seed)
original = dcmread(path)
VERIFICATION, COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.1", "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
STUDY_FIND, STUDY_GET, STUDY_MOVE = ("1.2.840.10008.5.1.4.1.2.2.%d" % number for number in (1, 3, 2))


def command(*arguments):
    """What it printed; nothing where it failed."""
    ran = subprocess.run([collimator] + list(arguments) + ["--data", directory], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True)
    return ran.stdout if ran.returncode == 0 else None


destination = AE(ae_title="DST")
destination.add_supported_context(original.SOPClassUID, original.file_meta.TransferSyntaxUID)
server = destination.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda event: 0x0000)])
if command("peer", "set", "DST", "--port", str(server.socket.getsockname()[1])) is None:
    server.shutdown()
    sys.exit(0)
reports = queue.Queue()


def report(event):
    reports.put(event.event_information.TransactionUID)
    return 0x0000, None


ae = AE(ae_title="MIX")
ae.add_requested_context(original.SOPClassUID, original.file_meta.TransferSyntaxUID)
for context in (STUDY_FIND, STUDY_GET, STUDY_MOVE, COMMITMENT):
    ae.add_requested_context(context)
association = ae.associate(
    "127.0.0.1", port, ae_title="COLLIMATOR", ext_neg=[build_role(original.SOPClassUID, scp_role=True, scu_role=True)],
    evt_handlers=[(evt.EVT_C_STORE, lambda event: 0x0000), (evt.EVT_N_EVENT_REPORT, report)])
stored, granted = [], []


def succeeded(answers):
    answers = list(answers)
    return bool(answers) and answers[-1][0].get("Status") == 0x0000


def store(name):
    original.SOPInstanceUID = original.file_meta.MediaStorageSOPInstanceUID = name
    original.StudyInstanceUID = f"2.25.{seed}9{number % 7}"
    original.SeriesInstanceUID = f"2.25.{seed}8{number % 7}"
    if association.send_c_store(original).get("Status") != 0x0000:
        return None
    stored.append((original.StudyInstanceUID, original.SeriesInstanceUID, name))
    return name


def query(name):
    # The accession number is the operation's own name.
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.AccessionNumber, wanted.StudyInstanceUID = "STUDY", name[-16:], ""
    return name[-16:] if succeeded(association.send_c_find(wanted, STUDY_FIND)) else None


def image():
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "IMAGE"
    wanted.StudyInstanceUID, wanted.SeriesInstanceUID, wanted.SOPInstanceUID = chance.choice(stored)
    return wanted


def get(_):
    wanted = image()
    return wanted.SOPInstanceUID if succeeded(association.send_c_get(wanted, STUDY_GET)) else None


def move(_):
    wanted = image()
    return wanted.SOPInstanceUID if succeeded(association.send_c_move(wanted, "DST", STUDY_MOVE)) else None


def commit(name):
    action, item = Dataset(), Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = original.SOPClassUID, chance.choice(stored)[2]
    action.TransactionUID, action.ReferencedSOPSequence = name, [item]
    status, _ = association.send_n_action(action, 1, COMMITMENT, COMMITMENT_INSTANCE)
    if status.get("Status") != 0x0000:
        return None
    # It is told to have come once this side has answered it.
    return name if reports.get(timeout=30) == name and echo() else None


def echo():
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", "1.2.3.4"
    return succeeded(association.send_c_find(wanted, STUDY_FIND))


def identified(user, password):
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.positive_response_requested = 2, True
    identity.primary_field, identity.secondary_field = user.encode(), password.encode()
    other = AE(ae_title="MIX")
    other.add_requested_context(VERIFICATION)
    return other.associate("127.0.0.1", port, ae_title="COLLIMATOR", ext_neg=[identity])


def login(name):
    other = identified("ann", "a right password")
    if not other.is_established:
        return None
    other.release()
    return name


def refused(name):
    other = identified("nobody" + name[-8:], "any")
    return name if other.is_rejected else None


def grant(name):
    said = command("grant", "add", "--to", "MIX", "--study", name)
    known = re.match(r"grant (\d+):", said or "")
    if not known:
        return None
    granted.append((known.group(1), name))
    return name


def revoke(_):
    number, name = granted.pop()
    return name if command("grant", "revoke", number) is not None else None


def peer(name):
    known = "P" + name[-12:]
    return known if command("peer", "add", known, "--address", "127.0.0.1", "--may", "query") is not None else None


def delete(_):
    name = stored.pop(chance.randrange(len(stored)))[2]
    return name if command("delete", "--instance", name, "--reason", "as " + name, "--yes") is not None else None


# A name that is wrong is refused for a while after some: twice is enough.
kinds = [store] * 4 + [query] * 3 + [get] * 3 + [move] * 2 + [commit, login, grant, revoke, peer, delete]
refusals = 2
for number in range(count):
    if not association.is_established:
        break
    kind = chance.choice(kinds)
    if number % 10 == 5 and refusals:
        kind, refusals = refused, refusals - 1
    if not stored and kind in (get, move, commit, delete) or not granted and kind is revoke:
        kind = store
    try:
        done = kind(f"2.25.{seed}{number:07d}")
    except Exception:
        break
    if done is None:
        break
    log.write(f"{kind.__name__} {done}\n")
if association.is_established:
    association.release()
server.shutdown()
