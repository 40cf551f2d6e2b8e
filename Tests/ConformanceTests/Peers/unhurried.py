# SPDX-License-Identifier: Apache-2.0
"""pynetdicom's AE that does not hang up on a healthy node which waits for its turn on a small machine, and that loses no answer.
Not for tests that kill the node: pynetdicom goes on waiting for its answer."""
import pynetdicom
from patience import PATIENCE
from pynetdicom.dimse import DIMSEServiceProvider

next_message = DIMSEServiceProvider.get_msg


def get_msg(self, block=False):
    """Whoever sends has stopped the association's own thread (pynetdicom 3.0.4, Association._run_reactor) before it asks. On a busy
    machine that thread may be past the place where it stops, and would take an answer, and drop it as what nobody asked for."""
    if not block and not self.assoc._reactor_checkpoint.is_set():
        return None, None
    return next_message(self, block)


DIMSEServiceProvider.get_msg = get_msg


class AE(pynetdicom.AE):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.acse_timeout = self.dimse_timeout = self.network_timeout = 30 * PATIENCE
