# SPDX-License-Identifier: Apache-2.0
"""acknowledged.py PORT FOLDER LOG: sends the files of a folder; writes each SOP Instance UID to LOG once it was answered 0000."""
import sys
from pathlib import Path

from pydicom import dcmread
from pynetdicom import AE

port, folder, log = int(sys.argv[1]), Path(sys.argv[2]), open(sys.argv[3], "w", buffering=1)
files = [dcmread(path) for path in sorted(folder.glob("*.dcm"))]
ae = AE(ae_title="MOD")
ae.add_requested_context(files[0].SOPClassUID, files[0].file_meta.TransferSyntaxUID)
association = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR")
for ds in files:
    status = association.send_c_store(ds)
    # The node is killed meanwhile: then there is no status, and nothing more was acknowledged.
    if "Status" not in status or status.Status != 0x0000:
        break
    log.write(f"{ds.SOPInstanceUID}\n")
