# SPDX-License-Identifier: Apache-2.0
"""tls_attacks.py PORT TLS-PORT CERTIFICATES HALF-DONE DEADLINE --watched PID DATA: what can be done to a TLS port before there is
an association, watched by oracle.py, whose echoes come over TLS; afterwards DCMTK's and pynetdicom's are answered too."""
import resource
import socket
import ssl
import struct
import subprocess
import sys
import time

from oracle import Oracle
from patience import PATIENCE
from pynetdicom.sop_class import Verification
from unhurried import AE

problems = []
oracle = Oracle(problems, int(sys.argv[2]), sys.argv[3])
port, tls_port, certificates = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
half_done, deadline = int(sys.argv[4]), float(sys.argv[5])


def context(minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3):
    made = ssl.create_default_context(cafile=f"{certificates}/ca.pem")
    made.set_ciphers("DEFAULT@SECLEVEL=0")
    made.minimum_version, made.maximum_version = minimum, maximum
    return made


def connect(to=None):
    return socket.create_connection(("127.0.0.1", to or tls_port), timeout=deadline * 4)


def until_closed(connection):
    """All that still comes; a reset is an end too."""
    received = b""
    try:
        while True:
            some = connection.recv(65536)
            if not some:
                return received
            received += some
    except ConnectionError:
        return received
    except TimeoutError:
        problems.append("a connection was not closed")
        return received


def client_hello(minimum=ssl.TLSVersion.TLSv1_2, maximum=ssl.TLSVersion.TLSv1_3):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context(minimum, maximum).wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def refused(what, attack, count=1):
    """Runs an attack that is turned away at once, and counts what the node counts."""
    with oracle.refusals(what, count):
        began = time.monotonic()
        attack()
        if time.monotonic() - began > 1.5 * PATIENCE:
            problems.append(f"{what}: turned away only after {time.monotonic() - began:.1f} s")


ASSOCIATE_RQ = struct.pack(">BBI", 1, 0, 68) + struct.pack(">HH", 1, 0) + b"COLLIMATOR      MOD             " + bytes(32)


def raw(sent, expected=None, to=None):
    def attack():
        with connect(to) as connection:
            connection.sendall(sent)
            received = until_closed(connection)
        if expected is not None and not received.startswith(expected):
            problems.append(f"{sent[:12]!r}: answered with {received[:20]!r}, not {expected!r}")

    return attack


def old_version(version):
    def attack():
        try:
            with connect() as connection, context(version, version).wrap_socket(connection, server_hostname="localhost"):
                problems.append(f"{version.name} was spoken")
        except (ssl.SSLError, ConnectionError):
            pass

    return attack


def weak_suite(suite):
    def attack():
        weak = context(maximum=ssl.TLSVersion.TLSv1_2)
        weak.set_ciphers(f"{suite}:@SECLEVEL=0")
        try:
            with connect() as connection, weak.wrap_socket(connection, server_hostname="localhost") as tls:
                problems.append(f"{tls.cipher()} was agreed on")
        except (ssl.SSLError, ConnectionError):
            pass

    return attack


def renegotiation():
    client = subprocess.Popen(
        ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{tls_port}", "-CAfile", f"{certificates}/ca.pem"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = b""
    while b"Verify return code: 0" not in said:
        line = client.stdout.readline()
        if not line:
            break
        said += line
    client.stdin.write(b"R\n")
    client.stdin.flush()
    try:
        # The input stays open: only the node can end this.
        client.wait(timeout=5 * PATIENCE)
    except subprocess.TimeoutExpired:
        client.kill()
        problems.append("renegotiation was not answered with an end")
    said += client.stdout.read()
    if b"RENEGOTIATING" not in said:
        problems.append(f"renegotiation was not asked for: {said[-300:]!r}")


def turned_away_at_once():
    refused("DICOM in the clear on the TLS port", raw(ASSOCIATE_RQ, bytes([7, 0, 0, 0, 0, 4, 0, 0, 2, 0])))
    refused("TLS on the plain port", raw(client_hello(), bytes([7, 0, 0, 0, 0, 4, 0, 0, 2, 1]), to=port))
    refused("HTTP", raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    refused("zeros", raw(bytes(10_000)))
    refused("a record that is too long", raw(b"\x16\x03\x01\xff\xff" + bytes(65_535)))
    refused("a handshake message of 16 MiB", raw(b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + bytes(16_380)))
    refused("a ClientHello with its middle overwritten", raw(client_hello()[:50] + b"\xff" * 60 + client_hello()[110:]))
    refused("a second ClientHello for the Finished", raw(client_hello() + client_hello()))
    refused("application data before a handshake", raw(b"\x17\x03\x03\x00\x10" + bytes(16)))
    refused("an alert for a greeting", raw(b"\x15\x03\x03\x00\x02\x02\x28"))
    for version in [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]:
        refused(version.name, old_version(version))
    for suite in ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ADH-AES256-GCM-SHA384"]:
        refused(suite, weak_suite(suite))
    refused("renegotiation", renegotiation)


def half_a_handshake():
    """Half of them have sent half a ClientHello, the others a whole one whose answer they leave unanswered. They stay until the node
    hangs up; meanwhile one more drips."""
    # Each is a file here, too.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    before, began = oracle.node_status(), time.monotonic()
    hello = client_hello()
    held = []
    for index in range(half_done):
        connection = connect()
        connection.sendall(hello if index % 2 else hello[: len(hello) // 2])
        held.append(connection)
    opened = time.monotonic() - began
    during = oracle.node_status()
    while during["associations"]["connections"] < len(held) and time.monotonic() < began + deadline * 0.8:
        during = oracle.node_status()
    if during["associations"]["connections"] < len(held):
        problems.append(f"only {during['associations']['connections']} of {len(held)} half-done handshakes are open")
    each = (during["residentKiB"] - before["residentKiB"]) / len(held)
    if each > 64:
        problems.append(f"a half-done handshake takes {each:.0f} KiB")
    dripped_handshake()
    for connection in held:
        until_closed(connection)
        connection.close()
    ended = time.monotonic() - began
    if ended > opened + deadline + 10 * PATIENCE:
        problems.append(f"half-done handshakes ended only after {ended:.1f} s")
    print(f"{len(held)} half-done handshakes: opened in {opened:.1f} s, {each:.1f} KiB each, over after {ended:.1f} s")


def dripped_handshake():
    """One byte at a time: the deadline is for the whole handshake."""
    hello = client_hello()
    with connect() as slow:
        began = time.monotonic()
        try:
            for byte in hello:
                slow.sendall(bytes([byte]))
                # So slowly that it is not through before.
                slow.settimeout(max(0.1, 2 * deadline / len(hello)))
                try:
                    if slow.recv(1) == b"":
                        break
                except TimeoutError:
                    pass
        except ConnectionError:
            pass
        took = time.monotonic() - began
        if not deadline - 0.5 < took < deadline + 1.5 * PATIENCE:
            problems.append(f"a handshake that is dripped ended after {took:.1f} s")


def attacks():
    turned_away_at_once()
    with oracle.refusals("half-done handshakes, and a dripped one", half_done + 1):
        half_a_handshake()


def others_are_answered():
    """By programs that have nothing to do with these scripts."""
    echoscu = ["/usr/bin/echoscu", "-aet", "OTHER", "-aec", "COLLIMATOR", "+tla", "+cf", f"{certificates}/ca.pem"]
    ran = subprocess.run([*echoscu, "127.0.0.1", str(tls_port)], capture_output=True, text=True, timeout=60 * PATIENCE)
    if ran.returncode != 0:
        problems.append(f"echoscu: {ran.stdout}{ran.stderr}")
    ae = AE(ae_title="OTHER")
    ae.add_requested_context(Verification)
    tls = (ssl.create_default_context(cafile=f"{certificates}/ca.pem"), "localhost")
    association = ae.associate("127.0.0.1", tls_port, ae_title="COLLIMATOR", tls_args=tls)
    status = association.send_c_echo().get("Status") if association.is_established else None
    association.release()
    if status != 0:
        problems.append(f"pynetdicom's C-ECHO is answered with {status}")


# A handshake is much work for a node without optimization. What the allocator keeps of so many at once is as much as they took:
# only the same again, which has to find room in it, tells it from a leak.
oracle.watch(attacks, at_least=10.0, by_day=4)
others_are_answered()
for problem in problems:
    print(problem)
sys.exit(bool(problems))
