# SPDX-License-Identifier: Apache-2.0
"""answers.py COLLIMATOR: servers that answer as none should, and what `collimator echo` says of each; exits 1 and says what was wrong."""
import socket
import struct
import subprocess
import sys
import threading

from rawpeer import element, item, pdv

problems = []


def read(connection):
    head = connection.recv(6, socket.MSG_WAITALL)
    return head + connection.recv(struct.unpack(">I", head[2:])[0], socket.MSG_WAITALL) if len(head) == 6 else head


def accept(connection, result=0):
    request = read(connection)
    body = request[6:74] + item(0x10, b"1.2.840.10008.3.1.1.1")
    body += item(0x21, bytes([1, 0, result, 0]) + item(0x40, b"1.2.840.10008.1.2"))
    body += item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3"))
    connection.sendall(struct.pack(">BBI", 2, 0, len(body)) + body)


def answer(connection, status):
    elements = element(0, 0x100, b"\x30\x80") + element(0, 0x120, b"\1\0") + element(0, 0x800, b"\1\1")
    elements += element(0, 0x900, struct.pack("<H", status))
    connection.sendall(pdv(3, element(0, 0, struct.pack("<I", len(elements))) + elements))


def rejects(result, source, reason):
    def serve(connection):
        read(connection)
        connection.sendall(bytes([3, 0, 0, 0, 0, 4, 0, result, source, reason]))
        connection.recv(1)

    return serve


def says(status, times):
    def serve(connection):
        accept(connection)
        read(connection)
        for _ in range(times):
            answer(connection, status)
        connection.recv(1 << 16)

    return serve


def web(connection):
    read(connection)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    while connection.recv(4096):
        pass


def hangs_up(connection):
    read(connection)


def silent(connection):
    read(connection)
    connection.recv(1)


def listener():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    return server, str(server.getsockname()[1])


def echo(what, words, port, *more):
    command = [sys.argv[1], "echo", "--port", port, "--timeout", "2", "--response-timeout", "2", *more]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if result.returncode == 0 or words not in result.stderr:
        problems.append(f"{what}: {result.returncode} {result.stdout}{result.stderr}")


def served(what, serve, words):
    server, port = listener()
    server.listen()

    def once():
        connection, _ = server.accept()
        with connection:
            try:
                serve(connection)
            except OSError:
                pass

    thread = threading.Thread(target=once, daemon=True)
    thread.start()
    echo(what, words, port)
    thread.join(10)
    server.close()


served("a web server", web, "does not speak DICOM")
served("no reason", rejects(1, 1, 1), "does not say why")
served("calling", rejects(1, 1, 3), "does not know 'COLLIMATOR' from this address")
served("called", rejects(1, 1, 7), "try another --called")
served("identity", rejects(1, 2, 1), "at its word")
served("congestion", rejects(2, 3, 1), "try again later")
served("limit", rejects(2, 3, 2), "try again later")
served("an unknown reason", rejects(1, 3, 200), "reason 200")
served("no context", lambda connection: (accept(connection, 3), connection.recv(1 << 16)), "no presentation context")
served("a failure", says(0x0110, 1), "0110")
served("pending without end", says(0xFF00, 500), "FF00")
served("it hangs up", hangs_up, "closed the connection without an answer")
served("silence", silent, "said nothing")
closed, port = listener()
echo("nothing listens", "nothing listens there", port)
echo("no such port", "not 1 to 65535", "99999")
echo("a long title", "is no AE title", port, "--calling", "LONGERTHANSIXTEEN")
if problems:
    sys.exit("\n".join(problems))
