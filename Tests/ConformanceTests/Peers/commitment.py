# SPDX-License-Identifier: Apache-2.0
"""commitment.py PORT FIXTURES TASK...: Storage Commitment with pynetdicom as the peer MOD; exits 1 and says what was wrong."""
import queue
import sys
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import build_role, evt
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.sop_class import StorageCommitmentPushModel as PUSH
from pynetdicom.sop_class import StorageCommitmentPushModelInstance as INSTANCE
from unhurried import AE

port, fixtures, task = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
rest = sys.argv[4:]
problems, reports, unanswered = [], queue.Queue(), queue.Queue()
COMMITTED, FAILED = 1, 2


def check(what, holds):
    if not holds:
        problems.append(what)


def heard(event):
    reports.put((event.event_type, event.event_information))
    return 0x0000, None


def heard_to_answer(event):
    unanswered.put((event.event_type, event.event_information))
    return 0x0000, None


def answered(event):
    """Released before its answer is sent, pynetdicom sends it all the same, falls over that and waits for ever."""
    while isinstance(event.pdu, P_DATA_TF) and not unanswered.empty():
        reports.put(unanswered.get())


def listen(at, handler=heard):
    ae = AE(ae_title="MOD")
    ae.add_supported_context(PUSH, scu_role=True, scp_role=True)
    handlers = [(evt.EVT_N_EVENT_REPORT, handler)]
    return ae.start_server(("127.0.0.1", at), block=False, evt_handlers=handlers)


def references(objects):
    items = []
    for sop_class, sop_instance in objects:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
        items.append(item)
    return items


def action(objects, transaction=None):
    asked = Dataset()
    asked.TransactionUID = transaction or generate_uid()
    asked.ReferencedSOPSequence = references(objects)
    return asked


def associate(calling="MOD"):
    ae = AE(ae_title=calling)
    ae.add_requested_context(PUSH)
    roles = [build_role(PUSH, scu_role=True, scp_role=False)]
    handlers = [(evt.EVT_N_EVENT_REPORT, heard_to_answer), (evt.EVT_PDU_SENT, answered)]
    association = ae.associate(
        "127.0.0.1", port, ae_title="COLLIMATOR", ext_neg=roles, evt_handlers=handlers)
    check("an association", association.is_established)
    return association


def ask(association, asked, type_id=1, instance=INSTANCE):
    status, _ = association.send_n_action(asked, type_id, PUSH, instance)
    return status.Status if "Status" in status else None


def report(of):
    try:
        event, information = reports.get(timeout=60)
    except queue.Empty:
        sys.exit("no report came")
    check("the Transaction UID", information.TransactionUID == of.TransactionUID)
    committed = {(i.ReferencedSOPClassUID, i.ReferencedSOPInstanceUID) for i in information.get("ReferencedSOPSequence", [])}
    failed = {
        (i.ReferencedSOPClassUID, i.ReferencedSOPInstanceUID): i.FailureReason
        for i in information.get("FailedSOPSequence", [])}
    check("the event type", event == (FAILED if failed else COMMITTED))
    check("no empty sequence", all(information[k].value for k in ("ReferencedSOPSequence", "FailedSOPSequence") if k in information))
    return committed, failed


def stored():
    return sorted((ds.SOPClassUID, ds.SOPInstanceUID) for ds in (dcmread(p) for p in fixtures.glob("*.dcm")))


def on_same():
    asked = action(stored())
    association = associate()
    check("success", ask(association, asked) == 0x0000)
    committed, failed = report(asked)
    check(f"all committed, not {len(committed)} and {failed}", committed == set(stored()) and not failed)
    again = action(stored()[:1])
    check("another on the same association", ask(association, again) == 0x0000)
    check("and its report", report(again)[0] == set(stored()[:1]))
    association.release()


def on_new():
    server = listen(int(rest[0]))
    known = stored()
    odd = [("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.5.6"), ("1.2.840.10008.5.1.4.1.1.7.99", known[0][1])]
    asked = action(known + odd)
    association = associate()
    check("success", ask(association, asked) == 0x0000)
    association.release()
    committed, failed = report(asked)
    check(f"what is stored is committed: {len(committed)}", committed == set(known))
    check(f"exact reasons: {failed}", failed == {odd[0]: 0x0112, odd[1]: 0x0119})
    server.shutdown()


def hidden():
    """Rest: calling AE title of a peer that stored nothing, a file that is stored."""
    ds = dcmread(rest[1])
    there, nowhere = (ds.SOPClassUID, ds.SOPInstanceUID), (ds.SOPClassUID, ds.SOPInstanceUID[:-1] + "7")
    wrong_class = ("1.2.840.10008.5.1.4.1.1.7", ds.SOPInstanceUID)
    association = associate(rest[0])
    asked = action([there, nowhere, wrong_class])
    check("success", ask(association, asked) == 0x0000)
    committed, failed = report(asked)
    check("nothing is committed", not committed)
    check(f"one answer for all: {failed}", set(failed.values()) == {0x0112} and len(failed) == 3)
    association.release()


def reasons():
    """Rest: pairs of SOP Instance UID and the reason that is expected, 0 for none."""
    expected = dict(zip(rest[::2], (int(r, 16) for r in rest[1::2])))
    asked = action(o for o in stored() if o[1] in expected)
    association = associate()
    check("success", ask(association, asked) == 0x0000)
    committed, failed = report(asked)
    found = {uid: 0 for _, uid in committed} | {uid: reason for (_, uid), reason in failed.items()}
    check(f"the reasons {found}, not {expected}", found == expected)
    association.release()


def refused():
    one = stored()[:1]
    association = associate()
    empty = Dataset()
    empty.TransactionUID, empty.ReferencedSOPSequence = generate_uid(), []
    nameless = action(one)
    del nameless.TransactionUID
    half = action(one)
    del half.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    answers = {
        "no objects": (ask(association, empty), 0x0115), "no transaction": (ask(association, nameless), 0x0115),
        "half a reference": (ask(association, half), 0x0115),
        "another action": (ask(association, action(one), 2), 0x0123),
        "another instance": (ask(association, action(one), 1, "1.2.3"), 0x0112)}
    for what, (status, expected) in answers.items():
        check(f"{what}: {status}", status == expected)
    asked = action(one)
    check("and a right one", ask(association, asked) == 0x0000)
    check("is reported", report(asked)[0] == set(one))
    check("nothing else is", reports.empty())
    association.release()


def ask_only():
    asked = action(stored(), rest[0])
    association = associate()
    check("success", ask(association, asked) == 0x0000)
    association.release()


def hear_only():
    server = listen(int(rest[1]))
    asked = Dataset()
    asked.TransactionUID = rest[0]
    committed, failed = report(asked)
    check("the report", committed == set(stored()) and not failed)
    server.shutdown()


def poison():
    """Rest: a port to listen on. Hangs up at the report of the first request, whenever it comes, and hears the others."""
    asked = [action(stored()) for _ in range(4)]

    def hear(event):
        if event.event_information.TransactionUID == asked[0].TransactionUID:
            event.assoc.abort()
            return 0x0110, None
        return heard(event)

    # Before anything is asked: who does not listen is told on the association that asks.
    server = listen(int(rest[0]), hear)
    association = associate()
    for one in asked:
        check("success", ask(association, one) == 0x0000)
    association.release()
    left = {one.TransactionUID for one in asked[1:]}
    while left:
        left.discard(reports.get(timeout=120)[1].TransactionUID)
    server.shutdown()


def serve():
    """An SCP for `collimator commit`: rest: a port to listen on, a port to report to or 'same'."""
    import threading

    def on_action(event):
        information = event.action_information
        done = Dataset()
        done.TransactionUID = information.TransactionUID
        items = list(information.ReferencedSOPSequence)
        done.ReferencedSOPSequence = items[:1]
        done.FailedSOPSequence = items[1:]
        for item in done.FailedSOPSequence:
            item.FailureReason = 0x0112
        kind = FAILED if items[1:] else COMMITTED
        if rest[1] == "same":
            threading.Thread(target=lambda: event.assoc.send_n_event_report(done, kind, PUSH, INSTANCE)).start()
        else:
            def on_new_association():
                ae = AE(ae_title="OTHER")
                ae.add_requested_context(PUSH)
                back = ae.associate(
                    "127.0.0.1", int(rest[1]), ae_title="COLLIMATOR", ext_neg=[build_role(PUSH, scp_role=True)])
                back.send_n_event_report(done, kind, PUSH, INSTANCE)
                back.release()
            threading.Thread(target=on_new_association).start()
        return 0x0000, None

    ae = AE(ae_title="OTHER")
    ae.add_supported_context(PUSH, scu_role=True, scp_role=True)
    server = ae.start_server(("127.0.0.1", int(rest[0])), block=False, evt_handlers=[(evt.EVT_N_ACTION, on_action)])
    print("listening", flush=True)
    sys.stdin.read()
    server.shutdown()


{"same": on_same, "new": on_new, "hidden": hidden, "reasons": reasons, "refused": refused, "ask": ask_only,
 "hear": hear_only, "poison": poison, "serve": serve}[task]()
if problems:
    sys.exit("\n".join(problems))
print("all as it should be")
