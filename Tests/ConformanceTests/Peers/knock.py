# SPDX-License-Identifier: Apache-2.0
"""knock.py PORT TITLE [SYNTAX]: asks for an association under a calling AE title that no library lets one send."""
import sys

from rawpeer import REJECT, Peer

contexts = ((1, syntax.encode()) for syntax in sys.argv[3:] or ["1.2.840.10008.1.1"])
kind, _ = Peer(int(sys.argv[1])).associate(calling=sys.argv[2].encode(), contexts=contexts)
sys.exit(0 if kind == REJECT else f"answered {kind}")
