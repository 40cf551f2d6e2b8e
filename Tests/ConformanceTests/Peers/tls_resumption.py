# SPDX-License-Identifier: Apache-2.0
"""tls_resumption.py TLS-PORT CERTIFICATES COLLIMATOR DATA: a session that is resumed shows the certificate of the one before
(RFC 8446 §2.2), and takes nobody past a revocation that came between. The node's list is nobody.crl, to be replaced here."""
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys

from patience import PATIENCE

port, certificates, collimator, data = int(sys.argv[1]), *sys.argv[2:5]
problems = []


def item(kind, value):
    return struct.pack(">BBH", kind, 0, len(value)) + value


BODY = struct.pack(">HH", 1, 0) + b"COLLIMATOR      MOD             " + bytes(32) + item(0x10, b"1.2.840.10008.3.1.1.1")
BODY += item(0x20, bytes([1, 0, 0, 0]) + item(0x30, b"1.2.840.10008.1.1") + item(0x40, b"1.2.840.10008.1.2"))
BODY += item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3"))
ASSOCIATE_RQ = struct.pack(">BBI", 1, 0, len(BODY)) + BODY


def call(context, session):
    """The first byte of the answer to an association request, whether the session was resumed, and the session to resume."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5 * PATIENCE) as connection:
            with context.wrap_socket(connection, server_hostname="localhost", session=session) as tls:
                tls.sendall(ASSOCIATE_RQ)
                return tls.recv(4096)[:1], tls.session_reused, tls.session
    except (ssl.SSLError, ConnectionError):
        return b"", None, None


sessions = []
for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
    context = ssl.create_default_context(cafile=f"{certificates}/ca.pem")
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(f"{certificates}/client-revoked.pem", f"{certificates}/client-revoked.key")
    answer, _, session = call(context, None)
    again, resumed, session = call(context, session)
    if (answer, again, resumed) != (b"\x02", b"\x02", True):
        problems.append(f"{version.name}: {answer}, then {again}, resumed: {resumed}")
    sessions.append((context, session))
shutil.copy(f"{certificates}/revoked.crl", f"{certificates}/new.crl")
os.rename(f"{certificates}/new.crl", f"{certificates}/nobody.crl")
subprocess.run([collimator, "reload", "--data", data], check=True, capture_output=True)
for context, session in sessions:
    answer, resumed, _ = call(context, session)
    if answer:
        problems.append(f"{context.minimum_version.name}: after the revocation {answer}, resumed: {resumed}")

for problem in problems:
    print(problem)
sys.exit(bool(problems))
