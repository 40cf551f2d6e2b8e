# SPDX-License-Identifier: Apache-2.0
"""What pydicom and pylibjpeg's decoders make of the pixels of files: one line a file, the SHA-256 of its samples.

    pixels.py FILE...     -> <sha256 of all frames' bytes, colour by pixel, or "error: why">  FILE
"""
import hashlib
import sys

import numpy
import pydicom
from pydicom.pixels import get_decoder


def digest(path):
    data_set = pydicom.dcmread(path)
    decoder = get_decoder(data_set.file_meta.TransferSyntaxUID)
    plugins = [name for name in decoder.available_plugins if name in ("pylibjpeg", "pyjpegls", "pydicom")]
    options = {"decoding_plugin": sorted(plugins, key=["pyjpegls", "pylibjpeg", "pydicom"].index)[0]} if plugins else {}
    if data_set.BitsAllocated == 1 or not data_set.file_meta.TransferSyntaxUID.is_encapsulated:
        return hashlib.sha256(data_set.PixelData).hexdigest()
    array, _ = decoder.as_array(data_set, raw=True, **options)
    return hashlib.sha256(numpy.ascontiguousarray(array).tobytes()).hexdigest()


for path in sys.argv[1:]:
    try:
        print(digest(path), path)
    except Exception as error:
        print(f"error: {type(error).__name__} {error}".replace("\n", " "), path)
