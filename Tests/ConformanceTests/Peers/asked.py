# SPDX-License-Identifier: Apache-2.0
"""asked.py TOKEN COMMAND…: runs an SCU of ours against a pynetdicom SCP, and judges which user identity it sends."""
import subprocess
import sys

from pynetdicom import evt
from pynetdicom.sop_class import Verification
from unhurried import AE

token, command = sys.argv[1], sys.argv[2:]
seen, problems = [], []


def judge(event):
    seen.append((event.user_id_type, event.primary_field, event.secondary_field))
    return event.primary_field != b"stranger", None


ae = AE(ae_title="SCP")
ae.add_supported_context(Verification)
server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_USER_ID, judge)])
port = str(server.socket.getsockname()[1])


def call(wanted, status, *options, password=None):
    seen.clear()
    ran = subprocess.run([*command, "--called", "SCP", "--port", port, *options], input=password, capture_output=True)
    said = ran.stdout + ran.stderr
    if seen != wanted or ran.returncode != status or (password and password.strip() in said):
        problems.append(f"{options}: {seen}, not {wanted}; ended with {ran.returncode}: {said}")


proof = ("--cleartext-passwords", "--user", "weber")
call([], 0)
call([(2, b"weber", b"planted-right")], 0, *proof, password=b"planted-right\n")
call([(5, open(token, "rb").read(), b"")], 0, "--cleartext-passwords", "--token", token)
call([(2, b"stranger", b"planted-right")], 1, *proof[:2], "stranger", password=b"planted-right\n")
# Not without a word about who reads along.
call([], 64, "--user", "weber", password=b"planted-right\n")
call([], 64, "--token", token)
call([], 64, *proof, "--token", token, password=b"planted-right\n")
server.shutdown()
for problem in problems:
    print(problem)
sys.exit(bool(problems))
