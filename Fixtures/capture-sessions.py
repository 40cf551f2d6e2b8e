#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes upper-layer-sessions.tsv: what DCMTK and pynetdicom say to each other, turn by turn, through a proxy on the loopback.

Needs DCMTK's tools and pynetdicom. Not the same bytes at every run: the implementations' UIDs and versions are in them."""
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation, SOPClassCommonExtendedNegotiation, SOPClassExtendedNegotiation,
    SCP_SCU_RoleSelectionNegotiation, UserIdentityNegotiation)

here = os.path.dirname(os.path.abspath(__file__))
FIND = '1.2.840.10008.5.1.4.1.2.2.1'
CT = '1.2.840.10008.5.1.4.1.1.2'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Proxy:
    """Passes one connection on, and keeps its turns."""

    def __init__(self, target):
        self.turns = []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.target = target
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        near, _ = self.listener.accept()
        for _ in range(100):
            try:
                far = socket.create_connection(('127.0.0.1', self.target))
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        selector = selectors.DefaultSelector()
        selector.register(near, selectors.EVENT_READ, ('requestor', far))
        selector.register(far, selectors.EVENT_READ, ('acceptor', near))
        while selector.get_map():
            for key, _ in selector.select():
                side, other = key.data
                try:
                    data = key.fileobj.recv(1 << 16)
                except ConnectionResetError:
                    data = b''
                if not data:
                    selector.unregister(key.fileobj)
                    try:
                        other.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
                    continue
                other.sendall(data)
                if self.turns and self.turns[-1][0] == side:
                    self.turns[-1][1].extend(data)
                else:
                    self.turns.append((side, bytearray(data)))


def with_tool(acceptor, requestor):
    """A session of two of DCMTK's tools."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([*acceptor, str(port)], cwd=folder, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    socket.create_connection(('127.0.0.1', port)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.1)
            proxy = Proxy(port)
            subprocess.run(
                [part.replace('PORT', str(proxy.port)) for part in requestor], stderr=subprocess.DEVNULL, check=False)
            proxy.thread.join(10)
        finally:
            server.terminate()
            server.wait()
    return proxy.turns


def every_negotiation():
    """A C-FIND with every item of PS3.7 annex D.3.3, ended by an A-ABORT."""
    def found(event):
        for name in ('EXAMPLE^ANNA', 'EXAMPLE^BERT'):
            answer = Dataset()
            answer.QueryRetrieveLevel, answer.PatientName = 'STUDY', name
            yield 0xFF00, answer
        yield 0x0000, None

    acceptor = AE('ACCEPTOR')
    acceptor.add_supported_context(FIND)
    acceptor.add_supported_context(CT, scu_role=True, scp_role=True)
    server = acceptor.start_server(('127.0.0.1', 0), block=False, evt_handlers=[
        (evt.EVT_C_FIND, found), (evt.EVT_USER_ID, lambda event: (True, b'welcome')),
        (evt.EVT_ASYNC_OPS, lambda event: (4, 4)), (evt.EVT_SOP_EXTENDED, lambda event: event.app_info)])
    proxy = Proxy(server.server_address[1])
    items = []
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked, window.maximum_number_operations_performed = 4, 2
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid, role.scu_role, role.scp_role = CT, True, True
    extended = SOPClassExtendedNegotiation()
    extended.sop_class_uid, extended.service_class_application_information = FIND, b'\x01\x00\x01'
    common = SOPClassCommonExtendedNegotiation()
    common.sop_class_uid, common.service_class_uid = CT, '1.2.840.10008.4.2'
    common.related_general_sop_class_identification = ['1.2.840.10008.5.1.4.1.1.88.22']
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.positive_response_requested = 5, True
    identity.primary_field = b'invented'
    items = [window, role, extended, common, identity]
    requestor = AE('REQUESTOR')
    requestor.add_requested_context(FIND)
    requestor.add_requested_context(CT, ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.4.50'])
    association = requestor.associate('127.0.0.1', proxy.port, ext_neg=items, ae_title='ACCEPTOR')
    query = Dataset()
    query.QueryRetrieveLevel, query.PatientName = 'STUDY', 'EXAMPLE*'
    list(association.send_c_find(query, FIND))
    association.abort()
    proxy.thread.join(10)
    server.shutdown()
    return proxy.turns


def main():
    local = ['127.0.0.1', 'PORT']
    sessions = {
        'echo': with_tool(['storescp'], ['echoscu', '-aet', 'MODALITY', '-aec', 'COLLIMATOR', *local]),
        'store': with_tool(
            ['storescp', '--ignore', '--max-pdu', '4096'],
            ['storescu', '--propose-uncompr', '-R', *local, f'{here}/sr.dcm']),
        'every-negotiation': every_negotiation(),
        'rejection': with_tool(['storescp', '--refuse'], ['echoscu', *local]),
        'abort': with_tool(['storescp'], ['echoscu', '--abort', '--propose-pc', '12', *local]),
    }
    with open(f'{here}/upper-layer-sessions.tsv', 'w', encoding='ascii') as file:
        file.write('session\tside\tbytes\n')
        for name, turns in sessions.items():
            if not turns:
                sys.exit(f'nothing was said in {name}')
            for side, data in turns:
                file.write(f'{name}\t{side}\t{data.hex()}\n')
            print(name, [(side, data[0], len(data)) for side, data in turns])


main()
