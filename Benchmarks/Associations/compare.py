# SPDX-License-Identifier: Apache-2.0
"""compare.py ROUNDS: the same load on this node and its peers, one server at a time, the order shuffled in each round.

Prints the median of the rounds with minimum and maximum, and each peer's share of this node's figure. All DCMTK programs
and Orthanc run with TCP_NODELAY=1; without it each of their answers waits some 40 ms.
"""
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

LOAD = ".build-bench/driver/dimseload"
RELEASE = ".build-release/release"
work = tempfile.mkdtemp(prefix="collimator-bench-")
results = {}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def orthanc(folder, port):
    path = f"{folder}/orthanc.json"
    with open(path, "w") as file:
        json.dump(
            {"StorageDirectory": folder, "IndexDirectory": folder, "Plugins": [], "HttpServerEnabled": False,
             "DicomAet": "ORTHANC", "DicomPort": port, "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowStore": True}, file)
    return ["Orthanc", path]


def collimator(folder, port):
    for name in ("DIMSELOAD", "OTHER"):
        subprocess.run(
            [f"{RELEASE}/collimator", "peer", "add", name, "--address", "127.0.0.1", "--may", "store,query", "--data",
             folder], check=True, capture_output=True)
    return [f"{RELEASE}/collimator", "serve", "--data", folder, "--port", str(port), "--log-level", "warning",
            "--maximum-associations-per-peer", "3000", "--maximum-associations", "3000"]


def dcmqrscp(folder, port):
    with open(f"{folder}/qr.cfg", "w") as file:
        file.write(f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 300\nHostTable BEGIN\nHostTable END\n"
                   f"VendorTable BEGIN\nVendorTable END\nAETable BEGIN\nQRSCP {folder} RW (500, 1024mb) ANY\nAETable END\n")
    return ["dcmqrscp", "-q", "-c", f"{folder}/qr.cfg", str(port)]


SERVERS = {
    "collimator": (collimator, "COLLIMATOR", ("echo", "assoc")),
    "collimator, discarding": (lambda folder, port: [f"{RELEASE}/associations-benchmark"], "ANY", ("assoc", "store")),
    "both layers, no tasks": (lambda folder, port: [f"{RELEASE}/associations-benchmark", "layers"], "ANY", ("echo", "assoc")),
    "canned answers on NIO": (lambda folder, port: [f"{RELEASE}/associations-benchmark", "canned"], "ANY", ("echo", "assoc")),
    "Orthanc": (orthanc, "ORTHANC", ("echo", "assoc")),
    "storescp --ignore": (
        lambda folder, port: ["storescp", "-q", "--ignore", "-pdu", "131072", str(port)], "ANY", ("echo", "assoc", "store1")),
    "storescp --ignore --fork": (
        lambda folder, port: ["storescp", "-q", "--fork", "--ignore", "-pdu", "131072", str(port)], "ANY", ("store",)),
    "dcmqrscp": (dcmqrscp, "QRSCP", ("echo", "assoc")),
    "the floor: a receiver in C++": (
        lambda folder, port: [LOAD, "sink", "--port", str(port), "--max-seconds", "900"], "SINK",
        ("echo", "assoc", "store")),
}


class Server:
    def __init__(self, name):
        command, self.title, self.loads = SERVERS[name]
        self.port = free_port()
        folder = tempfile.mkdtemp(dir=work)
        argv = command(folder, self.port)
        prints_port = "associations-benchmark" in argv[0]
        self.process = subprocess.Popen(
            argv, env=dict(os.environ, TCP_NODELAY="1"), stderr=subprocess.DEVNULL,
            stdout=subprocess.PIPE if prints_port else subprocess.DEVNULL)
        if prints_port:
            self.port = int(self.process.stdout.readline())
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.load("echo", "--ops", "1").get("ops") != 1:
            time.sleep(0.05)

    def load(self, mode, *arguments):
        argv = [LOAD, mode, "--port", str(self.port), "--aec", self.title, "--aet", "DIMSELOAD", *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (IndexError, ValueError):
            return {}

    def resident(self):
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def note(what, name, value):
    results.setdefault(what, {}).setdefault(name, []).append(value)


def one_round(name):
    server = Server(name)
    try:
        if "echo" in server.loads:
            for count in (1, 4):
                answer = server.load("echo", "-n", str(count), "--duration", "2", "--ops", "1000000")
                note(f"C-ECHO/s on {count}", name, answer.get("ops_s"))
                note(f"C-ECHO p99 µs on {count}", name, p99(answer))
        if "assoc" in server.loads:
            for count in (1, 4):
                answer = server.load("assoc", "-n", str(count), "--duration", "2", "--ops", "1000000")
                note(f"associations/s by {count}", name, answer.get("ops_s"))
        if "store" in server.loads or "store1" in server.loads:
            for count in (1, 4) if "store" in server.loads else (1,):
                answer = server.load("store", "--synth", "A", "-n", str(count), "--duration", "4", "--timeout", "60")
                note(f"C-STORE of 512 KB, MB/s on {count}", name, answer.get("MB_s"))
                answer = server.load("store", "--synth", "B", "-n", str(count), "--duration", "3", "--timeout", "60")
                note(f"C-STORE of 7.5 KB, objects/s on {count}", name, answer.get("inst_s"))
    finally:
        server.stop()


def p99(answer):
    latency = answer.get("lat_ms") or answer.get("latency_ms") or {}
    value = latency.get("p99") if isinstance(latency, dict) else answer.get("p99_ms")
    return value * 1000 if value is not None else None


class Echoes(threading.Thread):
    """One open association that asks ten times a second how long an answer takes."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.taken, self.goes_on = port, [], True

    def run(self):
        sys.path.insert(0, "Tests/ConformanceTests/Peers")
        from rawpeer import Peer, command, pdv

        peer = Peer(self.port)
        peer.associate(calling=b"OTHER")
        while self.goes_on:
            start = time.monotonic()
            peer.send(pdv(3, command(0x30, 1, b"1.2.840.10008.1.1")))
            if peer.read()[0] != 4:
                return
            self.taken.append((time.monotonic() - start) * 1000)
            time.sleep(0.01)
        peer.release()

    def p99(self):
        self.goes_on = False
        self.join()
        return sorted(self.taken)[int(len(self.taken) * 0.99)] if self.taken else float("nan")


def crowd():
    """Connections and associations held on this node, and what another client notices."""
    server = Server("collimator")
    try:
        before, echoes = server.resident(), Echoes(server.port)
        echoes.start()
        connections = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(10_000)]
        for connection in connections:
            connection.sendall(b"\x01\x00\x00\x00\x10")
        time.sleep(2)
        each = (server.resident() - before) / len(connections) / 1024
        print(f"10,000 half-open connections: {each:.1f} KiB each, another's echo {echoes.p99():.1f} ms at p99")
        for connection in connections:
            connection.close()
        time.sleep(2)
        before, echoes = server.resident(), Echoes(server.port)
        echoes.start()
        held = {}
        holder = threading.Thread(
            target=lambda: held.update(
                server.load("hold", "-n", "2000", "--hold", "4", "--openers", "16", "--timeout", "60")))
        holder.start()
        peak = 0
        while holder.is_alive():
            peak = max(peak, server.resident())
            time.sleep(0.05)
        print(f"2,000 associations ({held.get('alive', held)} alive): {(peak - before) / 2000 / 1024:.1f} KiB each, "
              f"another's echo {echoes.p99():.1f} ms at p99")
    finally:
        server.stop()


def missing(name):
    argv = SERVERS[name][0]
    return name in ("Orthanc", "dcmqrscp") and not shutil.which(name) or name.startswith("storescp") and not shutil.which("storescp")


names = [name for name in SERVERS if not missing(name)]
for name in set(SERVERS) - set(names):
    print(f"{name} is not installed: left out")
for _ in range(int(sys.argv[1])):
    for name in random.sample(names, len(names)):
        one_round(name)
for what, by_name in results.items():
    print(f"\n{what}")
    own = next((statistics.median(values) for name, values in by_name.items() if name.startswith("collimator") and None not in values), None)
    for name, values in by_name.items():
        if None in values:
            print(f"  {name:32} no figure")
            continue
        middle = statistics.median(values)
        share = f"{own / middle:6.2f} x" if own and middle else ""
        print(f"  {name:32} {middle:10.0f}  ({min(values):.0f} to {max(values):.0f})  ours is {share}")
print()
crowd()
shutil.rmtree(work, ignore_errors=True)
