# SPDX-License-Identifier: Apache-2.0
"""pynetdicom's AE that does not hang up on a healthy node which waits for its turn on a small machine. Not for tests that
kill the node: pynetdicom goes on waiting for its answer."""
import pynetdicom
from patience import PATIENCE


class AE(pynetdicom.AE):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.acse_timeout = self.dimse_timeout = self.network_timeout = 30 * PATIENCE
