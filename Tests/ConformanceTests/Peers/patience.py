# SPDX-License-Identifier: Apache-2.0
"""How long an answer may take. All tests start at once, and on a small machine a healthy node waits for its turn:
there the promise of one second is judged tenfold. COLLIMATOR_QUIET=1 says that nothing else runs, and judges it as it stands.
A stalled node is late for both."""
import os

PATIENCE = 1 if os.environ.get("COLLIMATOR_QUIET") else 10
