# SPDX-License-Identifier: Apache-2.0
"""entangled.py PORT STUDY HOW: a peer that may only retrieve asks by C-GET, leaves the C-STORE of it unanswered and stores
something itself. HOW is `closed` (it hangs up then) or `cancelled` (it takes the C-GET back, and answers). Exits 1 and says
what was wrong."""
import struct
import sys

from patience import PATIENCE
from rawpeer import ACCEPT, CT, Peer, command, element, item, pdv, request

port, study, how = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3]
STUDY_ROOT_GET = b"1.2.840.10008.5.1.4.1.2.2.3"
C_STORE, C_GET, C_CANCEL = 0x0001, 0x0010, 0x0FFF


def message(peer):
    """(fields of the command by element, its data set): what comes next."""
    parts = {1: b"", 0: b""}
    last = None
    while last is None or (last & 1 and struct.unpack("<H", fields(parts[1])[0x800])[0] != 0x101):
        kind, body = peer.read()
        if kind != 4:
            sys.exit(f"PDU {kind} came where a message should")
        while body:
            length, _, control = struct.unpack(">IBB", body[:6])
            parts[control & 1] += body[6 : 4 + length]
            body = body[4 + length :]
            last = control if control & 2 else last
    return fields(parts[1]), parts[0]


def fields(data):
    found, at = {}, 0
    while at < len(data):
        _, number, length = struct.unpack_from("<HHI", data, at)
        found[number] = data[at + 8 : at + 8 + length]
        at += 8 + length
    return found


def number(fields, element):
    return struct.unpack("<H", fields[element])[0]


def response(field, message_id, status):
    elements = element(0, 2, CT) + element(0, 0x100, struct.pack("<H", field | 0x8000))
    elements += element(0, 0x120, struct.pack("<H", message_id)) + element(0, 0x800, struct.pack("<H", 0x101))
    elements += element(0, 0x900, struct.pack("<H", status))
    return element(0, 0, struct.pack("<I", len(elements))) + elements


role = item(0x54, struct.pack(">H", len(CT)) + CT + b"\1\1")
user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3") + role
peer = Peer(port, timeout=3 * PATIENCE)
peer.send(request(calling=b"WS", contexts=((1, STUDY_ROOT_GET), (3, CT)), user=user))
if peer.read()[0] != ACCEPT:
    sys.exit("no association")
identifier = element(8, 0x52, b"STUDY ") + element(0x20, 0xD, study)
peer.send(pdv(3, command(C_GET, 1, STUDY_ROOT_GET, True)) + pdv(2, identifier))
asked, _ = message(peer)
if number(asked, 0x100) != C_STORE:
    sys.exit(f"no C-STORE-RQ but {number(asked, 0x100):04X}")
own = element(8, 0x16, CT) + element(8, 0x18, b"1.2.3.4")
peer.send(pdv(3, command(C_STORE, 7, CT, True, b"1.2.3.4"), 3) + pdv(2, own, 3))
if how == "closed":
    peer.close()
    sys.exit(0)
cancel = element(0, 0x100, struct.pack("<H", C_CANCEL)) + element(0, 0x120, struct.pack("<H", 1))
cancel += element(0, 0x800, struct.pack("<H", 0x101))
peer.send(pdv(3, element(0, 0, struct.pack("<I", len(cancel))) + cancel))
refused, _ = message(peer)
if (number(refused, 0x100), number(refused, 0x120)) != (0x8001, 7) or number(refused, 0x900) == 0:
    sys.exit(f"a C-STORE of who may not store: {refused}")
peer.send(pdv(3, response(C_STORE, number(asked, 0x110), 0), 3))
final, _ = message(peer)
while number(final, 0x900) == 0xFF00:
    final, _ = message(peer)
if (number(final, 0x100), number(final, 0x900)) != (0x8010, 0xFE00):
    sys.exit(f"a C-GET that was cancelled ended with {final}")
if peer.release() != 6:
    sys.exit("no release")
