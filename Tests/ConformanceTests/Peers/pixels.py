# SPDX-License-Identifier: Apache-2.0
"""What pydicom and pylibjpeg's decoders make of the pixels of files: one line a file, the SHA-256 of its samples.

    pixels.py FILE...                -> <sha256 of all frames' bytes, or "error: why">  FILE
    pixels.py --difference PNG PNM   -> the largest difference of a sample between two pictures
"""
import hashlib
import struct
import sys
import zlib

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


def png(path):
    data, position, packed = open(path, "rb").read(), 8, b""
    while position < len(data):
        length, name = struct.unpack(">I4s", data[position : position + 8])
        content = data[position + 8 : position + 8 + length]
        assert zlib.crc32(name + content) == struct.unpack(">I", data[position + 8 + length :][:4])[0], "CRC"
        if name == b"IHDR":
            width, height, depth, kind = struct.unpack(">IIBB", content[:10])
            assert depth == 8
        if name == b"IDAT":
            packed += content
        position += 12 + length
    channels = {0: 1, 2: 3}[kind]
    rows = numpy.frombuffer(zlib.decompress(packed), "u1").reshape(height, 1 + width * channels)
    assert (rows[:, 0] == 1).all(), "filter"
    return numpy.cumsum(rows[:, 1:].reshape(height, width, channels), axis=1, dtype="u1")


def pnm(path):
    kind, size, most, pixels = open(path, "rb").read().split(b"\n", 3)
    width, height = map(int, size.split())
    return numpy.frombuffer(pixels, "u1").reshape(height, width, 3 if kind == b"P6" else 1)


def main(arguments):
    if arguments[0] == "--difference":
        one, other = png(arguments[1]).astype(int), pnm(arguments[2]).astype(int)
        assert one.shape == other.shape, f"{one.shape} {other.shape}"
        print(abs(one - other).max())
        return
    for path in arguments:
        try:
            print(digest(path), path)
        except Exception as error:
            print(f"error: {type(error).__name__} {error}".replace("\n", " "), path)


if __name__ == "__main__":
    main(sys.argv[1:])
