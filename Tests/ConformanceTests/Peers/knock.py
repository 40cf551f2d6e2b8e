# SPDX-License-Identifier: Apache-2.0
"""knock.py PORT TITLE: asks for an association under a calling AE title that no library lets one send."""
import sys

from rawpeer import REJECT, Peer

kind, _ = Peer(int(sys.argv[1])).associate(calling=sys.argv[2].encode())
sys.exit(0 if kind == REJECT else f"answered {kind}")
