# SPDX-License-Identifier: Apache-2.0
"""The common oracle of the attacks. A script that is given `--watched PID DATA` at its end (RunningNode.watched) plays its attack
under `watch`, which judges: the node is the same process afterwards; C-ECHOs of another client, one association each, are
answered at a steady pace throughout; the memory comes back to what it was; and, with `refusals`, each connection that was
turned away is exactly one refusal.

An echo may take one second. On a machine that is busy with other tests it may take ten times what was the worst of the echoes
before the attack and of a witness during it, if that is more: two processes that pass a byte over TCP and sync a file, as an
echo and its record do, and have nothing to do with the node. COLLIMATOR_QUIET=1 judges the second as it stands.

As a program: oracle.py PORT FOLDER [CERTIFICATES] echoes until its standard input ends, and prints what it measured as JSON."""
import contextlib
import json
import os
import select
import socket
import ssl
import subprocess
import sys
import threading
import time

from patience import PATIENCE
from rawpeer import ACCEPT, VERIFICATION, Peer, command, pdv

PACE = 0.1
AT_FIRST = 5
# KiB that a node keeps of what it did for the first time.
TOUCHED_FIRST = 24 << 10


class Oracle:
    def __init__(self, problems, port, certificates=None):
        """`problems` is where what is wrong is said; `certificates`: the echoes call over TLS."""
        at = sys.argv.index("--watched")
        (self.process, self.data), sys.argv[at:] = sys.argv[at + 1 : at + 3], []
        self.problems, self.port, self.certificates = problems, port, certificates
        self.began = self.start()
        self.counted = self.status()["refusals"]

    def watch(self, attack, again=True, at_least=5.0, by_day=1):
        """Runs `attack` between echoes; where its test counts what it did, not `again`. `at_least`: seconds that an echo may take on
        a busy machine in any case. `by_day`: how often what leaks is looked for on a machine that runs all tests at once and has
        not the time for more; once, what is touched for the first time is allowed for."""
        self.at_least = at_least
        rounds = 4 if PATIENCE == 1 else by_day
        if again and rounds > 1:
            self.calm_memory(lambda: self.beside_echoes(attack), rounds)
        else:
            before = self.resident()
            self.beside_echoes(attack)
            after = self.resident_once_below(before * 1.1 + TOUCHED_FIRST, patience=PATIENCE)
            self.check(f"{before} KiB became {after} KiB", after <= before * 1.1 + TOUCHED_FIRST)
        self.check("the node is another process", self.start() == self.began)
        self.check(f"{self.status()['refusals']} refusals in all, not {self.counted}", self.settled(0) == self.counted)

    @contextlib.contextmanager
    def refusals(self, what, count=1):
        """What is played inside is turned away so often, each time in one event; `count` may be known only afterwards."""
        before = self.status()["refusals"]
        self.check(f"before {what}: {before} refusals, not {self.counted}", before == self.counted)
        yield
        expected = count() if callable(count) else count
        after = self.settled(before + expected)
        self.check(f"{what}: {after - before} refusals, not {expected}", after - before == expected)
        self.counted = after

    def calm_memory(self, attack, rounds):
        """What is touched for the first time stays, and the allocator takes a while to find its size: then the same attack once more
        has to leave nothing. What leaks grows each time."""
        for number in range(1, rounds + 1):
            before = self.resident()
            attack()
            after = self.resident_once_below(before * 1.1, patience=PATIENCE if number == rounds else 1)
            print(f"resident before {before} KiB, after {after} KiB, time {number} of the attack")
            if after <= before * 1.1 or self.problems:
                return
        self.problems.append(f"the same attack, time {rounds}: {before} KiB became {after} KiB")

    def beside_echoes(self, attack):
        echoes = subprocess.Popen(
            [sys.executable, __file__, str(self.port), os.path.dirname(self.data), *filter(None, [self.certificates])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        echoes.stdout.readline()
        try:
            attack()
        finally:
            told = echoes.communicate()[0]
        measured = json.loads(told.splitlines()[-1])
        self.problems.extend(measured["problems"])
        within = 1.0
        if PATIENCE > 1:
            within = max(self.at_least, 10 * measured["before"], 10 * measured["witness"])
        words = "{count} echoes, the worst {worst:.3f} s, before {before:.3f} s, the witness {witness:.3f} s".format(**measured)
        print(words)
        self.check(f"{words}: more than {within:.3f} s", measured["worst"] <= within)
        self.check(f"only {measured['count']} echoes", measured["count"] > AT_FIRST)

    def check(self, what, holds):
        if not holds:
            self.problems.append(what)

    def status(self):
        """What `collimator associations --json` shows."""
        return self.node_status()["associations"]

    def node_status(self):
        """What `collimator status --json` shows, from the control socket itself: a process for each would cost more than the
        attack."""
        with socket.socket(socket.AF_UNIX) as control:
            # The address of a socket is short.
            folder = os.open(self.data, os.O_RDONLY | os.O_DIRECTORY)
            control.connect(f"/proc/self/fd/{folder}/control")
            os.close(folder)
            control.sendall(b'{"status":{}}\n')
            with control.makefile() as lines:
                reply = json.loads(lines.readline())
        return reply["result"]["_0"]["status"]["_0"]

    def settled(self, wanted):
        """The node counts when a connection's task ends, which may be a moment after the peer sees the end."""
        end = time.monotonic() + 3 * PATIENCE
        while (refusals := self.status()["refusals"]) < wanted and time.monotonic() < end:
            time.sleep(0.005)
        return refusals

    def resident(self):
        with open(f"/proc/{self.process}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def resident_once_below(self, limit, patience):
        end = time.monotonic() + 3 * patience
        while (resident := self.resident()) > limit and time.monotonic() < end:
            time.sleep(0.05)
        return resident

    def start(self):
        """When the process began: its number alone might be another's by now."""
        with open(f"/proc/{self.process}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[19]


class Witness:
    """A process that has nothing to do with the node: for each byte it syncs a file, and answers."""

    def __init__(self, folder):
        listener = socket.create_server(("127.0.0.1", 0))
        self.child = os.fork()
        if self.child == 0:
            connection, _ = listener.accept()
            path = f"{folder}/collimator-witness-{os.getpid()}"
            with open(path, "wb") as file:
                os.unlink(path)
                while byte := connection.recv(1):
                    file.write(byte)
                    file.flush()
                    os.fsync(file.fileno())
                    connection.send(byte)
            os._exit(0)
        self.connection = socket.create_connection(listener.getsockname())
        listener.close()

    def takes(self):
        began = time.monotonic()
        self.connection.send(b"?")
        self.connection.recv(1)
        return time.monotonic() - began

    def end(self):
        self.connection.close()
        os.waitpid(self.child, 0)


def one_echo(port, tls):
    """How long another client waits, from its connection to the end of its release; what was wrong, or None."""
    began = time.monotonic()
    try:
        peer = Peer(port)
        if tls:
            peer.socket = tls.wrap_socket(peer.socket, server_hostname="localhost")
        if peer.associate(calling=b"OTHER")[0] != ACCEPT:
            return time.monotonic() - began, "the association of another client is not accepted"
        peer.send(pdv(3, command(0x30, 1, VERIFICATION)))
        if peer.read()[0] != 4:
            return time.monotonic() - began, "the C-ECHO of another client is not answered"
        took = time.monotonic() - began
        peer.release()
        return took, None
    except OSError as error:
        return time.monotonic() - began, f"another client: {error!r}"


def echo_until_told():
    port, folder = int(sys.argv[1]), sys.argv[2]
    tls = ssl.create_default_context(cafile=f"{sys.argv[3]}/ca.pem") if len(sys.argv) > 3 else None
    if tls and os.path.exists(f"{sys.argv[3]}/client.pem"):
        tls.load_cert_chain(f"{sys.argv[3]}/client.pem", f"{sys.argv[3]}/client.key")
    witness, worst_of_witness, stop = Witness(folder), [0.0], threading.Event()

    def bear_witness():
        while not stop.is_set():
            worst_of_witness[0] = max(worst_of_witness[0], witness.takes())
            stop.wait(PACE)

    bearing = threading.Thread(target=bear_witness)
    bearing.start()
    took, problems, told = [], [], False
    while not told:
        began = time.monotonic()
        seconds, problem = one_echo(port, tls)
        took.append(seconds)
        if problem:
            problems.append(problem)
        if len(took) == AT_FIRST:
            print("begun", flush=True)
        if len(took) >= AT_FIRST:
            told = bool(select.select([sys.stdin], [], [], max(0.0, PACE - (time.monotonic() - began)))[0])
    # One more, after the attack.
    seconds, problem = one_echo(port, tls)
    stop.set()
    bearing.join()
    witness.end()
    print(json.dumps({
        "count": len(took) + 1, "before": max(took[:AT_FIRST]), "worst": max(took[AT_FIRST:] + [seconds]),
        "witness": worst_of_witness[0], "problems": sorted(set(problems + ([problem] if problem else [])))}))


if __name__ == "__main__":
    echo_until_told()
