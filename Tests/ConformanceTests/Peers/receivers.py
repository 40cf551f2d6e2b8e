# SPDX-License-Identifier: Apache-2.0
"""receivers.py PORT TASK STUDY [MORE]: what receivers of objects do that must neither hide them, nor keep the others from
theirs. Exits 1 and says what was wrong."""
import os
import struct
import sys
import threading
import time

from patience import PATIENCE
from rawpeer import CT, VERIFICATION, Peer, command, element, item, pdv, request
from unhurried import AE
from pydicom.dataset import Dataset
from pynetdicom import build_role, evt
from pynetdicom.sop_class import CTImageStorage
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as GET
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as MOVE

port, task, study, rest = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
STUDY_ROOT_GET = b"1.2.840.10008.5.1.4.1.2.2.3"
problems = []


def check(what, holds):
    if not holds:
        problems.append(what)


def identifier():
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", study
    return asked


def associate(*models, on_store=None):
    ae = AE(ae_title="WS")
    for model in models:
        ae.add_requested_context(model, IMPLICIT)
    ae.add_requested_context(CTImageStorage, [EXPLICIT, IMPLICIT])
    handlers = [(evt.EVT_C_STORE, on_store)] if on_store else []
    association = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR", evt_handlers=handlers,
                               ext_neg=[build_role(CTImageStorage, scp_role=True)] if on_store else [])
    assert association.is_established
    return association


def listen(at, on_store):
    ae = AE(ae_title="WS")
    ae.add_supported_context(CTImageStorage, [EXPLICIT, IMPLICIT])
    return ae.start_server(("127.0.0.1", int(at)), block=False, evt_handlers=[(evt.EVT_C_STORE, on_store)])


def refuse():
    """Reads each object in full, and says that it has no room."""
    came = []

    def store(event):
        came.append(len(event.request.DataSet.getvalue()))
        return 0xA700
    association = associate(GET, on_store=store)
    statuses = [status.Status for status, _ in association.send_c_get(identifier(), GET)]
    association.release()
    check(f"{len(came)} came, {statuses[-1]:04X}", len(came) == int(rest[0]) and statuses[-1] == 0xA702)


def hang_up():
    """Reads three, and is gone before the third is answered."""
    came, gone = [], threading.Event()

    def store(event):
        came.append(len(event.request.DataSet.getvalue()))
        if len(came) == 3:
            event.assoc.abort()
            gone.set()
        return 0
    association = associate(GET, on_store=store)
    # pynetdicom goes on waiting for what it aborted.
    threading.Thread(target=lambda: list(association.send_c_get(identifier(), GET)), daemon=True).start()
    check("the third comes", gone.wait(60 * PATIENCE))
    check(f"{len(came)} came", len(came) == 3)


def cancel():
    """C-MOVE to itself, cancelled while an object waits for its answer: what was delivered counts as delivered."""
    came, association, gone = [], associate(MOVE), threading.Event()

    def store(event):
        came.append(str(event.request.AffectedSOPInstanceUID))
        if len(came) == 3:
            # It has asked for all that it will ask for: what is sent from here on is the C-CANCEL.
            association.bind(evt.EVT_DATA_SENT, lambda _: gone.set())
            association.send_c_cancel(1, query_model=MOVE)
            check("the cancel goes out", gone.wait(60 * PATIENCE))
        return 0
    server = listen(rest[1], store)
    answers = list(association.send_c_move(identifier(), "WS", MOVE))
    association.release()
    server.shutdown()
    final = answers[-1][0]
    completed = final.get("NumberOfCompletedSuboperations")
    print(f"{len(came)} came, {completed} completed")
    check(f"{final.Status:04X}", final.Status == 0xFE00)
    check(f"{completed} completed, {len(came)} came", completed == len(came) and 3 <= len(came) < int(rest[0]))
    check("the rest remains", final.NumberOfRemainingSuboperations == int(rest[0]) - len(came))


def choosy(count):
    """A destination that hangs up at one object, whenever it comes; a UID for it is chosen by the first that comes."""
    poison, taken, attempts = [], set(), []

    def store(event):
        uid = str(event.request.AffectedSOPInstanceUID)
        if len(taken) == 2 and not poison:
            poison.append(uid)
        if uid in poison:
            attempts.append(uid)
            event.assoc.abort()
            return 0xC000
        taken.add(uid)
        return 0
    return poison, taken, attempts, listen(rest[1], store)


def move_choosy():
    count = int(rest[0])
    poison, taken, attempts, server = choosy(count)
    association = associate(MOVE)
    answers = list(association.send_c_move(identifier(), "WS", MOVE))
    association.release()
    server.shutdown()
    final, failed = answers[-1]
    named = failed.FailedSOPInstanceUIDList if failed else None
    check(f"{final.Status:04X}", final.Status == 0xB000)
    check(f"{len(taken)} of {count} taken", len(taken) == count - 1)
    check(f"{named} failed, not {poison}", [named] == poison)
    check(f"{len(attempts)} attempts", len(attempts) == 2)


def serve_choosy():
    """Until standard input ends; then says what was taken, and how often the one was tried."""
    poison, taken, attempts, server = choosy(0)
    print("listening", flush=True)
    sys.stdin.read()
    server.shutdown()
    print(len(taken), len(attempts), *poison, flush=True)


def silent():
    """Takes an object by C-GET, never answers, and keeps the association alive by C-ECHO."""
    peer = Peer(port)
    role = item(0x54, struct.pack(">H", len(CT)) + CT + b"\0\1")
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + role
    peer.send(request(calling=b"WS", contexts=((1, STUDY_ROOT_GET), (3, CT), (5, VERIFICATION)), user=user))
    assert peer.read()[0] == 2, "not associated"
    uid = study.encode() + b"\0" * (len(study) % 2)
    asked = element(8, 0x52, b"STUDY ") + element(0x20, 0xD, uid)
    peer.send(pdv(3, command(0x10, 1, STUDY_ROOT_GET, True)) + pdv(2, asked))
    over = threading.Event()

    def echo():
        number = 2
        while not over.wait(0.1):
            try:
                peer.send(pdv(3, command(0x30, number, VERIFICATION), 5))
            except OSError:
                return
            number += 1
    threading.Thread(target=echo, daemon=True).start()
    began, ended = time.monotonic(), None
    while ended is None and time.monotonic() - began < 60 * PATIENCE:
        kind, _ = peer.read()
        if kind in (7, None):
            ended = time.monotonic() - began
    over.set()
    check("it waits for ever", ended is not None)
    check(f"it waited {ended} s", ended is None or ended >= float(rest[0]) * 0.9)


def expiring():
    """The grant ends by itself while the third object is on its way: there is no fourth. Waits until then."""
    came = []

    def store(event):
        came.append(str(event.request.AffectedSOPInstanceUID))
        if len(came) == 3:
            time.sleep(max(float(rest[1]) - time.time(), 0) + 0.3)
        return 0
    association = associate(GET, on_store=store)
    if time.time() > float(rest[1]) - 1:
        print("too late", flush=True)
        os._exit(3)
    answers = list(association.send_c_get(identifier(), GET))
    association.release()
    if time.time() > float(rest[1]) and len(came) < 3:
        print("too late", flush=True)
        os._exit(3)
    final = answers[-1][0]
    failed = final.get("NumberOfFailedSuboperations")
    check(f"{len(came)} came", len(came) == 3)
    check(f"{final.Status:04X}, {failed} failed", final.Status == 0xB000 and failed == int(rest[0]) - 3)


{"refuse": refuse, "hang_up": hang_up, "cancel": cancel, "move_choosy": move_choosy, "serve_choosy": serve_choosy,
 "silent": silent, "expiring": expiring}[task]()
print("\n".join(problems), flush=True)
# Without waiting for threads that wait.
os._exit(1 if problems else 0)
