# SPDX-License-Identifier: Apache-2.0
"""PS3.8 by hand, for peers that do what no library lets one do."""
import socket
import struct

ABORT, REJECT, ACCEPT = 7, 3, 2
VERIFICATION, CT = b"1.2.840.10008.1.1", b"1.2.840.10008.5.1.4.1.1.2"
STUDY_ROOT_FIND = b"1.2.840.10008.5.1.4.1.2.2.1"


def item(kind, value):
    return struct.pack(">BBH", kind, 0, len(value)) + value


def request(called=b"COLLIMATOR", calling=b"MOD", contexts=((1, VERIFICATION),), user=None):
    body = struct.pack(">HH", 1, 0) + called.ljust(16)[:16] + calling.ljust(16)[:16] + bytes(32)
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    for context_id, abstract in contexts:
        body += item(0x20, bytes([context_id, 0, 0, 0]) + item(0x30, abstract) + item(0x40, b"1.2.840.10008.1.2"))
    body += item(0x50, user if user is not None else item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3"))
    return struct.pack(">BBI", 1, 0, len(body)) + body


def pdv(control, data, context=1):
    value = bytes([context, control]) + data
    return struct.pack(">BBII", 4, 0, len(value) + 4, len(value)) + value


def element(group, number, value):
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HHI", group, number, len(value)) + value


def command(field, message_id, sop_class, has_data=False, instance=None):
    elements = element(0, 2, sop_class) + element(0, 0x100, struct.pack("<H", field))
    elements += element(0, 0x110, struct.pack("<H", message_id)) + element(0, 0x700, struct.pack("<H", 0))
    elements += element(0, 0x800, struct.pack("<H", 1 if has_data else 0x101))
    if instance:
        elements += element(0, 0x1000, instance)
    return element(0, 0, struct.pack("<I", len(elements))) + elements


class Peer:
    """One TCP connection; `associate` returns the type of the PDU that came back and its body."""

    def __init__(self, port, timeout=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """(type, body); (None, b"") where the other side hung up."""
        try:
            head = self.exactly(6)
            return (head[0], self.exactly(struct.unpack(">I", head[2:])[0])) if head else (None, b"")
        except (ConnectionError, EOFError):
            return None, b""

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                if data:
                    raise EOFError
                return b""
            data += piece
        return data

    def associate(self, **how):
        self.send(request(**how))
        return self.read()

    def release(self):
        self.send(b"\x05\0\0\0\0\x04\0\0\0\0")
        kind, _ = self.read()
        self.close()
        return kind

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()
