# SPDX-License-Identifier: Apache-2.0
"""keys.py COMMAND…: what `find` asks for as pydicom reads it, key by key; what is no value is not asked for at all. Exits 1 and
says what was wrong."""
import json
import subprocess
import sys

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind as PATIENT_ROOT
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as STUDY_ROOT
from unhurried import AE

# DEL, and the one character of C1 that begins an escape sequence.
NAME = "Mai\x7f\x9b2Jer"
seen, problems = [], []


def find(event):
    seen.append((event.context.abstract_syntax, event.identifier))
    answer = Dataset()
    answer.SpecificCharacterSet = "ISO_IR 192"
    answer.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
    answer.PatientName = NAME
    yield 0xFF00, answer


ae = AE(ae_title="SCP")
ae.add_supported_context(PATIENT_ROOT)
ae.add_supported_context(STUDY_ROOT)
server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, find)])
port = str(server.socket.getsockname()[1])


def ask(*options):
    seen.clear()
    return subprocess.run([*sys.argv[1:], "find", "--called", "SCP", "--port", port, *options], capture_output=True)


def holds(what, truth, said=""):
    if not truth:
        problems.append(f"{what}: {said} {seen}")


for key, keyword, value in [
    ("Rows=512", "Rows", 512), ("00280010=0", "Rows", 0), (r"Rows=1\65535", "Rows", [1, 65535]), ("Rows", "Rows", None),
    ("TagAngleSecondAxis=-32768", "TagAngleSecondAxis", -32768), ("ReferencedSamplePositions=4294967295", "ReferencedSamplePositions", 4294967295),
    ("FrameIncrementPointer=00280010", "FrameIncrementPointer", 0x00280010),
    (r"00280009=(0018,1063)\FrameTime", "FrameIncrementPointer", [0x00181063, 0x00181063]),
    ("ReferencePixelX0=-2147483648", "ReferencePixelX0", -2147483648),
    ("DiffusionBValue=0.5", "DiffusionBValue", 0.5), ("TableOfXBreakPoints=7", "TableOfXBreakPoints", 7),
    ("ExaminedBodyThickness=1.5", "ExaminedBodyThickness", 1.5),
    ("ExtendedOffsetTable", "ExtendedOffsetTable", None), ("SelectorUVValue=18446744073709551615", "SelectorUVValue", 2**64 - 1),
    ("SelectorSVValue=-9223372036854775808", "SelectorSVValue", -(2**63)),
    ("SeriesNumber=7", "SeriesNumber", 7), ("PatientName=Müller*", "PatientName", "Müller*"),
    ("RequestAttributesSequence", "RequestAttributesSequence", []),
]:
    ran = ask("-k", key)
    holds(key, ran.returncode == 0 and len(seen) == 1, ran.stderr)
    if not seen:
        continue
    element = seen[0][1][keyword]
    got = element.value
    got = [int(part) if isinstance(part, int) else part for part in got] if element.VM > 1 else got
    holds(f"{key}: {got!r} for {value!r}", got == value or value in (None, []) and not got)

for key in ["Rows=abc", "Rows=-1", "Rows=65536", "Rows=1.5", r"Rows=1\x", r"Rows=1\\2", "Rows=*", "TagAngleSecondAxis=32768",
            "ReferencedSamplePositions=4294967296", "ReferencePixelX0=2147483648", "FrameIncrementPointer=0028001",
            "FrameIncrementPointer=NoKeyword", "FrameIncrementPointer=2621456", "DiffusionBValue=much", "DiffusionBValue=nan",
            "DiffusionBValue=1e999", "ExaminedBodyThickness=1e39", "SelectorUVValue=-1", "SelectorSVValue=9223372036854775808",
            "PixelData=x", "RequestAttributesSequence=x", "NoKeyword=1", "0028001=1"]:
    ran = ask("-k", key)
    holds(key, ran.returncode == 64 and not seen and key.split("=")[0].encode() in ran.stderr, ran.stderr)

for level, model in [("patient", PATIENT_ROOT), ("STUDY", STUDY_ROOT), ("Series", STUDY_ROOT), ("IMAGE", STUDY_ROOT)]:
    ran = ask("--level", level, "-k", "PatientID")
    holds(level, [(context, asked.QueryRetrieveLevel) for context, asked in seen] == [(model, level.upper())], ran.stderr)
for level in ["FOO", "", "INSTANCE"]:
    ran = ask("--level", level, "-k", "PatientID")
    holds(level, ran.returncode == 64 and not seen, ran.stderr)

ran = ask("-k", "PatientName", "--json")
text = ran.stdout.decode()
holds("JSON moves no cursor", not any(ord(c) == 0x7F or 0x80 <= ord(c) < 0xA0 for c in text), ran.stdout)
holds("JSON says what was answered", json.loads(text)[0]["00100010"]["Value"] == [{"Alphabetic": NAME}], ran.stdout)
ran = ask("-k", "PatientName")
holds("a table moves no cursor", b"\x7f" not in ran.stdout and "\x9b" not in ran.stdout.decode(), ran.stdout)

server.shutdown()
for problem in problems:
    print(problem)
sys.exit(bool(problems))
