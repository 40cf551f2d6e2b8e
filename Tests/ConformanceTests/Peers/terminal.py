# SPDX-License-Identifier: Apache-2.0
"""terminal.py ANSWER ANSWER -- COMMAND…: runs a command at a terminal, answers its prompts, prints all that the terminal showed."""
import os
import pty
import sys

split = sys.argv.index("--")
answers, command = sys.argv[1:split], sys.argv[split + 1:]
child, terminal = pty.fork()
if child == 0:
    os.execv(command[0], command)
shown = b""
while True:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    if not data:
        break
    shown += data
    # A prompt ends without a new line.
    if answers and shown.endswith(b": "):
        os.write(terminal, answers.pop(0).encode() + b"\n")
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
