# SPDX-License-Identifier: Apache-2.0
"""answers.py COLLIMATOR FILE: servers that answer as none should, and what `collimator echo` and its likes say of each; exits 1 and says what was wrong."""
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from rawpeer import element, item, pdv

problems = []


def read(connection):
    head = connection.recv(6, socket.MSG_WAITALL)
    return head + connection.recv(struct.unpack(">I", head[2:])[0], socket.MSG_WAITALL) if len(head) == 6 else head


def accept(connection, result=0, syntax=None, more=b""):
    request = read(connection)
    body = request[6:74] + item(0x10, b"1.2.840.10008.3.1.1.1")
    # The first that is proposed.
    at = request.index(b"\x40\x00\x00")
    length = struct.unpack_from(">H", request, at + 2)[0]
    syntax = request[at + 4 : at + 4 + length] if syntax is None else syntax
    body += item(0x21, bytes([1, 0, result, 0]) + item(0x40, syntax))
    body += item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3"))
    connection.sendall(struct.pack(">BBI", 2, 0, len(body)) + body + more)


def answer(connection, status, field=0x8030, message_id=1):
    elements = element(0, 0x100, struct.pack("<H", field)) + element(0, 0x120, struct.pack("<H", message_id))
    elements += element(0, 0x800, b"\1\1") + element(0, 0x900, struct.pack("<H", status))
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


def answers_another(field):
    """Of Message IDs that nobody used, one after the other."""

    def serve(connection):
        accept(connection)
        for message_id in range(77, 60_000):
            answer(connection, 0, field, message_id)
            time.sleep(0.05)

    return serve


def asks_itself(connection):
    """One request after the other, and never an answer."""
    accept(connection)
    while True:
        elements = element(0, 2, b"1.2.840.10008.1.1") + element(0, 0x100, b"\x30\0") + element(0, 0x110, b"\1\0")
        elements += element(0, 0x800, b"\1\1")
        connection.sendall(pdv(3, element(0, 0, struct.pack("<I", len(elements))) + elements))
        time.sleep(0.05)


def accepts_and_aborts(connection):
    accept(connection, more=b"\7\0\0\0\0\4\0\0\0\0")
    connection.recv(1)


def web(connection):
    read(connection)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    while connection.recv(4096):
        pass


def after_acceptance(answer):
    def serve(connection):
        accept(connection)
        read(connection)
        connection.sendall(answer)
        if answer:
            connection.recv(1 << 16)

    return serve


def takes_one(connection):
    """An object, and aborts at the next."""
    accept(connection)
    # The last fragment of a data set (PS3.8 Annex E.2).
    while read(connection)[11] != 2:
        pass
    answer(connection, 0, 0x8001)
    read(connection)
    connection.sendall(b"\7\0\0\0\0\4\0\0\2\0")
    connection.recv(1 << 16)


def mail(connection):
    """A server that speaks first."""
    connection.sendall(b"220 mail.example.com ESMTP ready\r\n")
    connection.recv(1 << 16)
    connection.recv(1)


def hangs_up(connection):
    read(connection)


def silent(connection):
    read(connection)
    connection.recv(1)


def listener():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    return server, str(server.getsockname()[1])


def echo(what, words, port, *more, asking=("echo",)):
    # An echo waits for its answer no longer than for the connection, where nobody says otherwise.
    answer = [] if what.startswith("silence") else ["--response-timeout", "2"]
    command = [sys.argv[1], *asking, "--port", port, "--timeout", "2", *answer, *more]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if result.returncode == 0 or words not in result.stdout + result.stderr:
        problems.append(f"{what}: {result.returncode} {result.stdout}{result.stderr}")


def served(what, serve, words, asking=("echo",)):
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
    echo(what, words, port, asking=asking)
    thread.join(10)
    server.close()


served("a web server", web, "does not speak DICOM")
served("a mail server", mail, "does not speak DICOM")
served("no reason", rejects(1, 1, 1), "does not say why")
served("calling", rejects(1, 1, 3), "does not know 'COLLIMATOR' from this address")
served("called", rejects(1, 1, 7), "try another --called")
served("identity", rejects(1, 2, 1), "at its word")
served("congestion", rejects(2, 3, 1), "try again later")
served("limit", rejects(2, 3, 2), "try again later")
served("an unknown reason", rejects(1, 3, 200), "a reason that the Standard does not have")
served("an odd result", rejects(9, 9, 9), "a reason that the Standard does not have")
served("application context", rejects(1, 1, 2), "is it the right port?")
served("version", rejects(1, 2, 2), "version 1")
served("release for an answer", after_acceptance(b"\5\0\0\0\0\4\0\0\0\0"), "asked for its release instead of answering")
served("an abort right behind the acceptance", accepts_and_aborts, "and then ended it")
served("an abort for an answer", after_acceptance(b"\7\0\0\0\0\4\0\0\0\0"), "and then ended it")
served("nothing for an answer", after_acceptance(b""), "and then closed the connection")
served("a web server for an answer", after_acceptance(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "and then broke the protocol")
served("silence for an answer", lambda connection: (accept(connection), connection.recv(1 << 16), connection.recv(1)), "--response-timeout waits")
served("another syntax", lambda connection: (accept(connection, 0, b"1.2.3.4"), connection.recv(1 << 16)), "'1.2.3.4', which was not proposed")
served("no context", lambda connection: (accept(connection, 3), connection.recv(1 << 16)), "abstract syntax not supported")
served("a failure", says(0x0110, 1), "0110")
served("pending without end", says(0xFF00, 500), "FF00")
served("it hangs up", hangs_up, "closed the connection without an answer")
served("silence", silent, "said nothing")
find, move = ["find", "-k", "PatientID"], ["move", "--study", "1.2.3", "--to", "ANY"]
get, send = ["get", "--study", "1.2.3", "--output", tempfile.mkdtemp()], ["send", sys.argv[2]]
name = "Study Root Query/Retrieve Information Model"
refused = lambda connection: (accept(connection, 1), connection.recv(1 << 16))
for asking, words in ((find, f"{name} - FIND: user rejection"), (move, f"{name} - MOVE: user rejection"), (send, "Little Endian: user rejection")):
    served(f"no context for {asking[0]}", refused, words, asking)
    served(f"called, by {asking[0]}", rejects(1, 1, 7), "try another --called", asking)
two = [*send, sys.argv[2]]
served("an abort amid objects, the count", takes_one, "1 stored, 0 refused, 1 not sent or not answered", two)
served("an abort amid objects, the reason", takes_one, "and then ended it", two)
served("an abort amid objects, as JSON", takes_one, "not sent, or not answered", [*two, "--json"])
for asking, field in ((["echo"], 0x8030), (find, 0x8020), (send, 0x8001), (move, 0x8021), (get, 0x8010)):
    served(f"other Message IDs than {asking[0]}'s", answers_another(field), "which awaits none", asking)
    served(f"requests for answers to {asking[0]}", asks_itself, "no answer in 2 s", asking)
closed, port = listener()
echo("nothing listens", "nothing listens there", port)
echo("no such port", "not 1 to 65535", "99999")
echo("a long title", "is no AE title", port, "--calling", "LONGERTHANSIXTEEN")
if problems:
    sys.exit("\n".join(problems))
