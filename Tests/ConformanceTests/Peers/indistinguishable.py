# SPDX-License-Identifier: Apache-2.0
"""indistinguishable.py PORT FIXTURE DESTINATION DESTINATION-PORT PAIRS: A43. What is hidden and what is nowhere are asked for in turns,
at each level, by C-FIND, C-GET and C-MOVE: the answers are the same bytes; and, where nothing else runs (COLLIMATOR_QUIET=1), how
long they take says nothing: the ranks of the times (Mann and Whitney's U) are no further apart than chance puts them. FIXTURE is
hidden from the peer WS, which has a grant for something else. Exits 1 and says what was wrong."""
import math
import random
import socket
import struct
import sys
import time

from patience import PATIENCE
from pydicom import dcmread
from rawpeer import ACCEPT, CT, Peer, element, item, pdv

port, fixture, destination, destination_port, pairs = int(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4]), int(sys.argv[5])
problems = []
hidden = dcmread(fixture, stop_before_pixels=True)
UIDS = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
TAGS = {"PATIENT": (0x10, 0x20), "STUDY": (0x20, 0xD), "SERIES": (0x20, 0xE), "IMAGE": (0x08, 0x18)}
# Patient Root: FIND, MOVE and GET differ by their last component alone.
MODELS = {"C-FIND": (0x20, b"1.2.840.10008.5.1.4.1.2.1.1"), "C-MOVE": (0x21, b"1.2.840.10008.5.1.4.1.2.1.2"),
          "C-GET": (0x10, b"1.2.840.10008.5.1.4.1.2.1.3")}
# Of twelve tests of what is equal, one in a thousand runs has one that is further apart.
FURTHEST = 4.0


def other(text):
    """As long, and nobody's."""
    return text[:-4] + ("7777" if not text.endswith("7777") else "8888") if len(text) > 8 else text[:-1] + chr(ord(text[-1]) ^ 1)


def identifier(level, is_hidden):
    """The one that is asked for last is hidden or nowhere, and so are those above it."""
    keys = {(0x08, 0x52): level.encode()}
    for name in UIDS:
        value = str(hidden[UIDS[name]].value)
        keys[TAGS[name]] = (value if is_hidden else other(value)).encode()
        if name == level:
            break
    data = b""
    for (group, number), value in sorted(keys.items()):
        filler = b" " if (group, number) in ((0x08, 0x52), TAGS["PATIENT"]) else b"\0"
        data += element(group, number, value + filler * (len(value) % 2))
    return data


def request(service, level, is_hidden):
    field, model = MODELS[service]
    elements = element(0, 2, model) + element(0, 0x100, struct.pack("<H", field)) + element(0, 0x110, b"\7\0")
    if service == "C-MOVE":
        elements += element(0, 0x600, destination.encode() + b" " * (len(destination) % 2))
    elements += element(0, 0x700, b"\0\0") + element(0, 0x800, b"\1\0")
    whole = element(0, 0, struct.pack("<I", len(elements))) + elements
    return pdv(3, whole) + pdv(2, identifier(level, is_hidden))


def ask(peer, question):
    """All that comes back, to the final response, and how long it took."""
    began, said = time.perf_counter(), b""
    peer.send(question)
    while True:
        kind, body = peer.read()
        said += body
        if kind != 4:
            sys.exit(f"PDU {kind} came")
        at = body.find(b"\0\0\0\x09\2\0\0\0")
        if at >= 0 and body[at + 9] != 0xFF:
            return said, time.perf_counter() - began


def rank_test(ones, others):
    """By how many standard deviations U is off (normal approximation, ties corrected)."""
    merged = sorted([(value, 0) for value in ones] + [(value, 1) for value in others])
    ranks, ties, at = 0.0, 0.0, 0
    while at < len(merged):
        end = at
        while end < len(merged) and merged[end][0] == merged[at][0]:
            end += 1
        ranks += sum((at + 1 + end) / 2 for _, of in merged[at:end] if of == 0)
        ties += (end - at) ** 3 - (end - at)
        at = end
    n, m = len(ones), len(others)
    u = ranks - n * (n + 1) / 2
    spread = math.sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
    return (u - n * m / 2) / spread


def compare(service, level, chance):
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + item(0x54, struct.pack(">H", len(CT)) + CT + b"\0\1")
    peer = Peer(port)
    if peer.associate(calling=b"WS", contexts=((1, MODELS[service][1]), (3, CT)), user=user)[0] != ACCEPT:
        sys.exit("no association")
    questions = {is_hidden: request(service, level, is_hidden) for is_hidden in (True, False)}
    if len(questions[True]) != len(questions[False]) or questions[True] == questions[False]:
        sys.exit("the questions are not alike")
    for question in list(questions.values()) * 5:
        ask(peer, question)
    said, took = {True: set(), False: set()}, {True: [], False: []}
    for _ in range(pairs):
        for is_hidden in chance.sample([True, False], 2):
            answer, seconds = ask(peer, questions[is_hidden])
            said[is_hidden].add(answer)
            took[is_hidden].append(seconds)
    peer.release()
    if len(said[True]) != 1 or said[True] != said[False]:
        problems.append(f"{service} at {level}: hidden is answered {said[True]}, nowhere {said[False]}")
    apart = rank_test(took[True], took[False])
    median = [sorted(times)[pairs // 2] * 1000 for times in (took[True], took[False])]
    print(f"{service} at {level}: hidden {median[0]:.3f} ms, nowhere {median[1]:.3f} ms, {apart:+.1f} standard deviations apart")
    if PATIENCE == 1 and abs(apart) > FURTHEST:
        problems.append(f"{service} at {level}: the times are {apart:+.1f} standard deviations apart")


# Nobody is to call the destination.
listener = socket.create_server(("127.0.0.1", destination_port))
listener.setblocking(False)
for service in MODELS:
    for level in UIDS:
        compare(service, level, random.Random(level))
try:
    listener.accept()
    problems.append("the destination was called")
except BlockingIOError:
    pass
sys.exit("\n".join(problems) if problems else 0)
