# SPDX-License-Identifier: Apache-2.0
"""aside.py DIR: asks the node that runs on DIR to stand aside, as `collimator restore` does, says when it has, and does nothing
more until its standard input ends."""
import fcntl
import os
import socket
import sys
import time

directory = sys.argv[1]
replacing = os.open(directory + "/replacing", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(replacing, fcntl.LOCK_EX | fcntl.LOCK_NB)
os.chdir(directory)
with socket.socket(socket.AF_UNIX) as control:
    control.connect("control")
    control.sendall(b'{"standAside":{}}\n')
    reply = control.makefile().readline()
if "standsAside" not in reply:
    sys.exit("it does not stand aside: " + reply)
owner = open("lock", "a")
for _ in range(1200):
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        break
    except BlockingIOError:
        time.sleep(0.05)
else:
    sys.exit("it did not leave the directory")
fcntl.flock(owner, fcntl.LOCK_UN)
print("aside", flush=True)
sys.stdin.read()
