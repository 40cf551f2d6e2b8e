# SPDX-License-Identifier: Apache-2.0
"""hostile.py PORT --watched PID DATA: peers that break the rules, watched by oracle.py: whoever is answered with A-ABORT or
A-ASSOCIATE-RJ is one refusal, nobody else is one."""
import random
import socket
import struct
import sys

from oracle import Oracle
from rawpeer import ABORT, ACCEPT, REJECT, item, pdv, request

port = int(sys.argv[1])
problems = []
oracle = Oracle(problems, port)


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
    """`types`: what it may be answered with."""
    turned_away = []
    with oracle.refusals(what, lambda: sum(turned_away)), connect() as connection:
        try:
            connection.sendall(payload)
        except ConnectionError:
            pass
        got = answer(connection)
        turned_away.append(got in (ABORT, REJECT))
        if got not in types:
            problems.append(f"{what}: answered {got}, not {types}")


def instead_of_an_association():
    """A03, A05 to A11."""
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
    for kind in range(256):
        # A05: in Sta2 nothing but a request is expected; an A-ABORT ends the connection without a word (AA-2).
        if kind != 1:
            expect(f"PDU type {kind}", bytes([kind]) + b"\0\0\0\0\x04\0\0\0\0", None if kind == ABORT else ABORT)
    for kind in (2, 3, 4, 5, 6):
        for length in range(6):
            expect(f"PDU type {kind} of {length} bytes", bytes([kind, 0, 0, 0, 0, length]) + bytes(length), ABORT)


def inside(what, payload, *types):
    turned_away = []
    with oracle.refusals(what, lambda: sum(turned_away)), connect() as connection:
        connection.sendall(request())
        head = connection.recv(6, socket.MSG_WAITALL)
        connection.recv(struct.unpack(">I", head[2:])[0], socket.MSG_WAITALL)
        try:
            connection.sendall(payload)
        except ConnectionError:
            pass
        got = answer(connection)
        turned_away.append(got in (ABORT, REJECT))
        if got not in types:
            problems.append(f"{what}: answered {got}, not {types}")


def inside_an_association():
    """A04, A05 and A12."""
    inside("data of 4 GiB", b"\x04\x00\xff\xff\xff\xff", ABORT)
    inside("a request in an association", request(), ABORT)
    inside("a context that was never negotiated", pdv(3, b"", context=9), ABORT)
    inside("data without a command", pdv(2, b"abcd"), ABORT)
    inside("an empty command", pdv(3, b""), ABORT)
    inside("a command that lies", pdv(3, b"\0\0\0\1\xff\xff\xff\xff\1\0"), ABORT)
    inside("a PDV longer than its PDU", struct.pack(">BBII", 4, 0, 8, 100) + b"\1\3ab", ABORT)
    inside("a PDV of length 0", struct.pack(">BBI", 4, 0, 4) + bytes(4), ABORT)
    inside("an endless command", pdv(1, bytes(8000)) * 10, ABORT)
    for kind in range(256):
        if kind not in (1, 4, 5, ABORT):
            inside(f"PDU type {kind} in an association", bytes([kind]) + b"\0\0\0\0\x04\0\0\0\0", ABORT)


def cut_and_random():
    """A06. Random bytes, and honest ones cut anywhere; the seed is fixed, so that a failure can be had again. What was said to the
    end is heard, so that what the node says of it can be counted; a reset is nobody's refusal."""
    chance = random.Random(20260101)
    whole = request() + pdv(3, bytes(20))
    sessions = [(chance.randbytes(chance.randint(1, 200)), False) for _ in range(200)]
    sessions += [(whole[:end], bool(end % 2)) for end in range(0, len(whole), 3)]
    turned_away = []
    with oracle.refusals("random bytes", lambda: sum(turned_away)):
        for data, is_reset in sessions:
            with connect() as connection:
                try:
                    connection.sendall(data)
                    if is_reset and data[:6] in (b"", request()[: len(data)][:6]) and len(data) <= len(request()):
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        continue
                    connection.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                turned_away.append(heard_to_the_end(connection))


def heard_to_the_end(connection):
    """Whether what came back says that it was turned away."""
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except OSError:
        pass
    while data:
        if data[0] in (ABORT, REJECT):
            return True
        data = data[6 + struct.unpack(">I", data[2:6])[0] :]
    return False


def silence():
    """Many that say nothing, and go, do not keep others waiting, and are no refusals."""
    held = [connect() for _ in range(300)]
    for connection in held:
        connection.close()


def attacks():
    instead_of_an_association()
    inside_an_association()
    cut_and_random()
    silence()


oracle.watch(attacks, by_day=2)
if problems:
    sys.exit("\n".join(problems))
print("all turned away")
