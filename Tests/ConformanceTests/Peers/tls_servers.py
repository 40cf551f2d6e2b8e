# SPDX-License-Identifier: Apache-2.0
"""tls_servers.py CERTIFICATES FOLDER: nodes of others that speak TLS, well or badly. Says as JSON on which ports, and serves
until its input ends."""
import json
import socket
import ssl
import subprocess
import sys

from pynetdicom import AllStoragePresentationContexts, evt
from pynetdicom.sop_class import Verification
from unhurried import AE

certificates, folder = sys.argv[1], sys.argv[2]
ports, others = {}, []


def context(name, minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3, requires=False):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("DEFAULT@SECLEVEL=0")
    made.minimum_version, made.maximum_version = minimum, maximum
    made.load_cert_chain(f"{certificates}/{name}.pem", f"{certificates}/{name}.key")
    if requires:
        made.load_verify_locations(f"{certificates}/ca.pem")
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def serve(name, made):
    ae = AE(ae_title="COLLIMATOR")
    ae.supported_contexts = AllStoragePresentationContexts
    ae.add_supported_context(Verification)
    handlers = [(evt.EVT_C_ECHO, lambda event: 0), (evt.EVT_C_STORE, lambda event: 0)]
    server = ae.start_server(("127.0.0.1", 0), block=False, ssl_context=made, evt_handlers=handlers)
    ports[name] = server.socket.getsockname()[1]


def storescp():
    """DCMTK takes no port 0."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["+tls", f"{certificates}/server.key", f"{certificates}/server.pem", "+cf", f"{certificates}/ca.pem"]
    process = subprocess.Popen(["/usr/bin/storescp", *options, "-od", folder, str(port)], stdin=subprocess.DEVNULL)
    others.append(process)
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except ConnectionError:
            continue
    ports["storescp"] = port


serve("good", context("server"))
serve("rsa", context("server-rsa"))
serve("only 1.2", context("server", maximum=ssl.TLSVersion.TLSv1_2))
serve("only 1.3", context("server", minimum=ssl.TLSVersion.TLSv1_3))
serve("only 1.1", context("server", ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1))
serve("expired", context("server-expired"))
serve("other name", context("server-other-name"))
serve("long name", context("server-long-name"))
serve("other authority", context("server-of-other-ca"))
serve("wrong use", context("client"))
serve("demanding", context("server", requires=True))
serve("demanding 1.2", context("server", maximum=ssl.TLSVersion.TLSv1_2, requires=True))
serve("plain", None)
silent = socket.create_server(("127.0.0.1", 0), backlog=64)
ports["silent"] = silent.getsockname()[1]
storescp()
print(json.dumps(ports), flush=True)
sys.stdin.read()
for process in others:
    process.terminate()
