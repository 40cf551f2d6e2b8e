# SPDX-License-Identifier: Apache-2.0
"""hostile.py PORT: peers that break the rules; after each the node has to answer another client's C-ECHO."""
import random
import socket
import struct
import sys

from pynetdicom.sop_class import Verification
from rawpeer import ABORT, ACCEPT, REJECT, item, pdv, request
from unhurried import AE

port = int(sys.argv[1])
problems = []


def echo(after):
    ae = AE(ae_title="MOD")
    ae.add_requested_context(Verification)
    association = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR")
    if not association.is_established or association.send_c_echo().Status != 0:
        problems.append(f"no C-ECHO after {after}")
    association.release()


def connect():
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    return connection


def answer(connection):
    """The type of the first PDU that comes back; None where the node hangs up without one."""
    try:
        data = connection.recv(6)
        return data[0] if data else None
    except (ConnectionError, socket.timeout):
        return "nothing"


def expect(what, payload, *types):
    with connect() as connection:
        try:
            connection.sendall(payload)
        except ConnectionError:
            pass
        got = answer(connection)
        if got not in types:
            problems.append(f"{what}: answered {got}, not {types}")


# Before an association
expect("a PDU of 4 GiB", b"\x01\x00\xff\xff\xff\xff", ABORT)
expect("data of 4 GiB", b"\x04\x00\xff\xff\xff\xff", ABORT)
expect("HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ABORT)
expect("every PDU type but a request", b"\x02\x00\x00\x00\x00\x04\x00\x00\x00\x00", ABORT)
expect("an even context ID", request(contexts=((2, b"1.2.840.10008.1.1"),)), ABORT)
expect("the same context ID twice", request(contexts=((1, b"1.2"), (1, b"1.3"))), ABORT)
expect("128 contexts", request(contexts=[(2 * i + 1, b"1.2.840.10008.1.1") for i in range(128)]), ACCEPT)
expect("an item that lies about its length", request()[:-4] + b"\xff\xff\xff\xff", ABORT, ACCEPT)
for title in (b"", b" " * 16, bytes(16), b"../../etc", b"%n%s%x", b"A\\B", b"A\r\nB", bytes(range(0x80, 0x90))):
    expect(f"calling AE title {title}", request(calling=title), REJECT)
    expect(f"called AE title {title}", request(called=title), REJECT)
expect("another application context", request().replace(b"1.2.840.10008.3.1.1.1", b"1.2.840.10008.3.1.1.2"), REJECT)
expect("another protocol version", request()[:6] + b"\x00\x02" + request()[8:], REJECT)
for kind in list(range(0, 8)) + [255]:
    user = item(0x51, struct.pack(">I", 16384)) + item(0x58, bytes([kind, 1]) + struct.pack(">H", 3) + b"abc" + b"\0\0")
    # A name alone claims, and proves nothing; the others are to prove something.
    expect(f"a user identity of type {kind}", request(user=user), ACCEPT if kind == 1 else REJECT)
expect("a user identity that lies", request(user=item(0x58, b"\x02\x01\xff\xff")), ABORT)
echo("requests")

# Inside one
def inside(what, payload, *types):
    with connect() as connection:
        connection.sendall(request())
        head = connection.recv(6, socket.MSG_WAITALL)
        connection.recv(struct.unpack(">I", head[2:])[0], socket.MSG_WAITALL)
        try:
            connection.sendall(payload)
        except ConnectionError:
            pass
        got = answer(connection)
        if got not in types:
            problems.append(f"{what}: answered {got}, not {types}")


inside("data of 4 GiB", b"\x04\x00\xff\xff\xff\xff", ABORT)
inside("a request in an association", request(), ABORT)
inside("a context that was never negotiated", pdv(3, b"", context=9), ABORT)
inside("data without a command", pdv(2, b"abcd"), ABORT)
inside("an empty command", pdv(3, b""), ABORT)
inside("a command that lies", pdv(3, b"\0\0\0\1\xff\xff\xff\xff\1\0"), ABORT)
inside("a PDV longer than its PDU", struct.pack(">BBII", 4, 0, 8, 100) + b"\1\3ab", ABORT)
inside("a PDV of length 0", struct.pack(">BBI", 4, 0, 4) + bytes(4), ABORT)
inside("an endless command", pdv(1, bytes(8000)) * 10, ABORT)
echo("messages")

# Random bytes, and honest ones cut anywhere; the seed is fixed, so that a failure can be had again.
random.seed(20260101)
for _ in range(200):
    with connect() as connection:
        connection.sendall(random.randbytes(random.randint(1, 200)))
whole = request() + pdv(3, bytes(20))
for end in range(0, len(whole), 3):
    with connect() as connection:
        connection.sendall(whole[:end])
        if end % 2:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
echo("random bytes")

# Many that say nothing do not keep others waiting.
silent = [connect() for _ in range(300)]
echo("300 silent connections")
for connection in silent:
    connection.close()

if problems:
    sys.exit("\n".join(problems))
print("all turned away")
