# SPDX-License-Identifier: Apache-2.0
"""receiver.py PORT FOLDER CERTIFICATES|- [HABIT]: pynetdicom's storage SCP with the title OTHER; writes what it is sent to FOLDER bit
for bit, and to FOLDER/said a line for each association that it accepts, and how many there are then. HABIT: `hangs-up`, abort instead of an answer to the
second object of an association; `closes`, abort once the answer to an object is out; `none`, neither."""
import ssl
import sys
from pathlib import Path

from pynetdicom import AllStoragePresentationContexts, ALL_TRANSFER_SYNTAXES, evt
from pynetdicom.sop_class import Verification
from unhurried import AE

port, folder, certificates = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
habit = sys.argv[4] if len(sys.argv) > 4 else "none"
stored, going = {}, set()


def say(line):
    with open(folder / "said", "a") as said:
        said.write(line + "\n")


def store(event):
    number = stored[event.assoc] = stored.get(event.assoc, 0) + 1
    if habit == "hangs-up" and number > 1:
        event.assoc.abort()
        return 0xA700
    request = event.request
    path = folder / f"{request.AffectedSOPInstanceUID}.dcm"
    say(("again " if path.exists() else "stored ") + request.AffectedSOPInstanceUID)
    path.write_bytes(event.encoded_dataset())
    return 0x0000


def accepted(event):
    going.add(event.assoc)
    say("association")
    say(f"at once {len(going)}")


def sent(event):
    """The answer to an object is out: nothing waits for this association any more."""
    if habit == "closes" and event.data[0] == 0x04 and stored.get(event.assoc):
        event.assoc.dul.socket.close()


ae = AE(ae_title="OTHER")
for context in AllStoragePresentationContexts:
    ae.add_supported_context(context.abstract_syntax, ALL_TRANSFER_SYNTAXES)
ae.add_supported_context(Verification)
tls = None
if certificates != "-":
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(f"{certificates}/server.pem", f"{certificates}/server.key")
    tls.load_verify_locations(f"{certificates}/ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
handlers = [
    (evt.EVT_C_STORE, store), (evt.EVT_C_ECHO, lambda event: 0), (evt.EVT_DATA_SENT, sent),
    (evt.EVT_ACCEPTED, accepted), (evt.EVT_CONN_CLOSE, lambda event: going.discard(event.assoc)),
]
server = ae.start_server(("127.0.0.1", port), block=False, ssl_context=tls, evt_handlers=handlers)
sys.stdin.read()
server.shutdown()
