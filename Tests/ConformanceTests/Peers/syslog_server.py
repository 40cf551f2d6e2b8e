#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A syslog server that keeps what it is sent: RFC 5425 over TLS, RFC 6587's octet counting over TCP, RFC 5426 over UDP.

    syslog_server.py tls|tcp|udp FOLDER [CERTIFICATE KEY CLIENT-CA] [--port PORT] [--messages N] [--hang-up-after N]

Prints its port, then ends when N messages have come. Each message is a file NUMBER.txt in the folder. It judges by itself:
the count of octets, the header of RFC 5424, the BOM. --hang-up-after ends each connection after so many messages."""
import argparse
import os
import re
import signal
import socket
import ssl
import sys

parser = argparse.ArgumentParser()
parser.add_argument("transport")
parser.add_argument("folder")
parser.add_argument("files", nargs="*")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--messages", type=int, default=1)
parser.add_argument("--hang-up-after", type=int, default=0)
options = parser.parse_args()
signal.alarm(1800)
HEADER = re.compile(
    rb"<85>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z [!-~]{1,255} [!-~]{1,48} \d{1,128} DICOM\+RFC3881 - \xef\xbb\xbf(.*)",
    re.DOTALL)
kept = 0


def keep(message):
    global kept
    match = HEADER.fullmatch(message)
    if not match:
        sys.exit(f"no message of RFC 5424: {message[:200]!r}")
    kept += 1
    with open(os.path.join(options.folder, f"{kept}.xml"), "wb") as file:
        file.write(match.group(2))
    if kept >= options.messages:
        os._exit(0)


def octets(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            return None
        data += more
    return data


def frames(stream):
    taken = 0
    while not options.hang_up_after or taken < options.hang_up_after:
        digits = b""
        while (octet := octets(stream, 1)) != b" ":
            if octet is None:
                return
            if not octet.isdigit() or len(digits) > 10 or (not digits and octet == b"0"):
                sys.exit(f"no count of octets: {digits + octet!r}")
            digits += octet
        message = octets(stream, int(digits))
        if message is None:
            return
        taken += 1
        keep(message)


if options.transport == "udp":
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", options.port))
    print(server.getsockname()[1], flush=True)
    while True:
        keep(server.recv(65536))
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", options.port))
server.listen()
print(server.getsockname()[1], flush=True)
context = None
if options.transport == "tls":
    certificate, key, authority = options.files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
while True:
    stream = server.accept()[0]
    try:
        with context.wrap_socket(stream, server_side=True) if context else stream as connection:
            frames(connection)
    except (OSError, ssl.SSLError):
        pass
