# SPDX-License-Identifier: Apache-2.0
"""pydicom reading files: pydicom_reading.py header|full|memory|count FILE...  Prints what dcmtk_reading.cpp does."""
import resource
import sys
import time

import pydicom

mode, files = sys.argv[1], sys.argv[2:]
pydicom.dcmread(files[0], stop_before_pixels=True)
elements = 0
begin = time.perf_counter()
for path in files:
    data = pydicom.dcmread(path, stop_before_pixels=mode == "header", defer_size=4096 if mode == "full" else None)
    elements += sum(1 for _ in data.iterall()) if mode == "count" else len(data)
spent = time.perf_counter() - begin
print(len(files), elements, f"{spent:.6f}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
