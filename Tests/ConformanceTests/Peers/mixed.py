# SPDX-License-Identifier: Apache-2.0
"""mixed.py PORT FILE SEED LOG COUNT: stores, queries and retrieves as a random schedule says, each with an ID of its own; writes a
line to LOG once its final response was success: `store UID`, `query ID`, `get UID`. Ends when the node is gone."""
import random
import sys

from pydicom import Dataset, dcmread
from pynetdicom import AE, build_role, evt

port, path, seed, log, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], open(sys.argv[4], "a", buffering=1), int(sys.argv[5])
chance = random.Random(seed)
original = dcmread(path)
STUDY_FIND, STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
ae = AE(ae_title="MIX")
ae.add_requested_context(original.SOPClassUID, original.file_meta.TransferSyntaxUID)
ae.add_requested_context(STUDY_FIND)
ae.add_requested_context(STUDY_GET)
association = ae.associate(
    "127.0.0.1", port, ae_title="COLLIMATOR", ext_neg=[build_role(original.SOPClassUID, scp_role=True, scu_role=True)],
    evt_handlers=[(evt.EVT_C_STORE, lambda event: 0x0000)])
stored = []
for number in range(count):
    if not association.is_established:
        break
    kind = chance.choice(["store", "query", "get"]) if stored else "store"
    name = f"2.25.{seed}{number:07d}"
    try:
        if kind == "store":
            original.SOPInstanceUID = original.file_meta.MediaStorageSOPInstanceUID = name
            original.StudyInstanceUID = f"2.25.{seed}9{number % 7}"
            original.SeriesInstanceUID = f"2.25.{seed}8{number % 7}"
            if association.send_c_store(original).get("Status") == 0x0000:
                stored.append((original.StudyInstanceUID, original.SeriesInstanceUID, name))
                log.write(f"store {name}\n")
            else:
                break
            continue
        wanted = Dataset()
        if kind == "query":
            # The accession number is the operation's own name.
            wanted.QueryRetrieveLevel, wanted.AccessionNumber, wanted.StudyInstanceUID = "STUDY", name[-16:], ""
            answers = list(association.send_c_find(wanted, STUDY_FIND))
        else:
            study, series, instance = chance.choice(stored)
            wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "IMAGE", study
            wanted.SeriesInstanceUID, wanted.SOPInstanceUID = series, instance
            answers = list(association.send_c_get(wanted, STUDY_GET))
            name = instance
        if answers and answers[-1][0].get("Status") == 0x0000:
            log.write(f"{kind} {name[-16:] if kind == 'query' else name}\n")
        else:
            break
    except Exception:
        break
