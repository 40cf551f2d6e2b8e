# SPDX-License-Identifier: Apache-2.0
"""Images of every kind of the Standard that have no need of an image codec, written with pydicom; and what windows make of them.

    frames.py --write FOLDER          -> <sha256 of all frames' samples>  FILE   for each file that it writes
    frames.py --windows FOLDER        -> FILE for each file that it writes
    frames.py --difference FILE PNG   -> the largest difference between pydicom's apply_voi_lut and a picture, of 255
"""
import hashlib
import sys
import zlib

import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pack_bits
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pixels import png

ENCAPSULATED, DEFLATED_FRAME = "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"
chance = numpy.random.default_rng(8)


def image(rows, columns, frames, samples, allocated, stored, signed=0, planar=None, photometric=None):
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7.3", pydicom.uid.generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.1", "2.25.2"
    ds.Rows, ds.Columns, ds.NumberOfFrames, ds.SamplesPerPixel = rows, columns, frames, samples
    ds.BitsAllocated, ds.PixelRepresentation = allocated, signed
    ds.BitsStored, ds.HighBit = stored, stored - 1
    ds.PhotometricInterpretation = photometric or ("RGB" if samples == 3 else "MONOCHROME2")
    if planar is not None:
        ds.PlanarConfiguration = planar
    return ds


def save(ds, path, syntax):
    ds.file_meta, ds.preamble = FileMetaDataset(), b"\0" * 128
    ds.file_meta.FileMetaInformationVersion, ds.file_meta.ImplementationClassUID = b"\0\1", "2.25.3"
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.save_as(path, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=syntax != ExplicitVRBigEndian,
               force_encoding=True)


def samples(ds):
    """Native bytes of random samples, little endian."""
    shape = (ds.NumberOfFrames, ds.Rows, ds.Columns, ds.SamplesPerPixel)
    low, high = (-(1 << ds.BitsStored - 1), 1 << ds.BitsStored - 1) if ds.PixelRepresentation else (0, 1 << ds.BitsStored)
    values = chance.integers(low, high, shape, dtype="int64", endpoint=False)
    return values.astype(f"<{'i' if ds.PixelRepresentation else 'u'}{ds.BitsAllocated // 8}").tobytes()


def padded(data):
    return data + b"\0" * (len(data) % 2)


def deflated(frame):
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    return padded(coder.compress(frame) + coder.flush())


def write(folder):
    def done(ds, name, syntax, expected):
        path = f"{folder}/{name}.dcm"
        save(ds, path, syntax)
        print(hashlib.sha256(expected).hexdigest(), path)

    kinds = [
        (rows, columns, frames, *kind)
        for rows, columns, frames in ((5, 7, 1), (8, 6, 3), (1, 1, 5), (3, 3, 2))
        for kind in ((1, 8, 8), (1, 8, 5), (1, 16, 12, 1), (1, 16, 16), (1, 32, 20), (1, 32, 32, 1), (3, 8, 8, 0, 0),
                     (3, 8, 8, 0, 1), (3, 16, 10, 0, 0), (3, 16, 16, 0, 1))
    ]
    for number, kind in enumerate(kinds):
        ds = image(*kind)
        data = samples(ds)
        size = len(data) // ds.NumberOfFrames
        frames = [data[start : start + size] for start in range(0, len(data), size)]
        wide = ds.BitsAllocated > 8
        for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian):
            value = data
            # pydicom writes bytes as they are: words of a big endian OW are swapped here.
            if syntax == ExplicitVRBigEndian and wide:
                value = numpy.frombuffer(data, "<u2").astype(">u2").tobytes()
            ds.add_new("PixelData", "OW" if wide or syntax == ImplicitVRLittleEndian else "OB", padded(value))
            # Words of OW are 16 bits, whatever Bits Allocated is; 8 bits in OW too would be pairs.
            if syntax == ExplicitVRBigEndian and ds.BitsAllocated > 16:
                continue
            done(ds, f"native-{number}-{syntax[-1]}", syntax, data)
        for syntax, coded in ((ENCAPSULATED, [padded(f) for f in frames]), (DEFLATED_FRAME, [deflated(f) for f in frames])):
            for table in ("basic", "none", "extended"):
                if table == "extended":
                    value, offsets, lengths = encapsulate_extended(coded)
                    ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = offsets, lengths
                else:
                    value = encapsulate(coded, has_bot=table == "basic")
                ds.add_new("PixelData", "OB", value)
                ds["PixelData"].is_undefined_length = True
                done(ds, f"{'deflated' if syntax == DEFLATED_FRAME else 'encapsulated'}-{number}-{table}", syntax, data)
                if table == "extended":
                    del ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths
    for number, (rows, columns, frames) in enumerate(((4, 8, 3), (5, 7, 3), (3, 3, 9), (1, 1, 1), (16, 16, 2))):
        ds = image(rows, columns, frames, 1, 1, 1)
        bits = chance.integers(0, 2, (frames, rows, columns), dtype="uint8")
        value = pack_bits(bits, pad=False)
        ds.add_new("PixelData", "OB", padded(value))
        done(ds, f"bits-{number}", ExplicitVRLittleEndian, value)
        # Each frame begins with a byte of its own where frames are coded one by one.
        coded = [pack_bits(frame, pad=False) for frame in bits]
        ds.add_new("PixelData", "OB", encapsulate([deflated(frame) for frame in coded]))
        ds["PixelData"].is_undefined_length = True
        done(ds, f"bits-deflated-{number}", DEFLATED_FRAME, b"".join(coded))
        for kind, keyword, allocated in (("f4", "FloatPixelData", 32), ("f8", "DoubleFloatPixelData", 64)):
            ds = image(rows, columns, frames, 1, allocated, allocated)
            for tag in ("BitsStored", "HighBit", "PixelRepresentation"):
                delattr(ds, tag)
            value = chance.normal(size=(frames, rows, columns)).astype(f"<{kind}").tobytes()
            setattr(ds, keyword, value)
            done(ds, f"{keyword}-{number}", ExplicitVRLittleEndian, value)


def windows(folder):
    number = 0
    for stored, signed, slope, intercept in ((12, 0, "1", "-1024"), (12, 1, "1", "0"), (16, 1, "0.37", "-12.5"), (8, 0, "2.5", "7")):
        for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
            for center, width in (("40", "400"), ("127.5", "255"), ("-600.25", "1500.5"), ("100", "1"), ("3", "2")):
                # PS3.3 §C.11.2.1.2.1: LINEAR asks for a width of 1 or more.
                ds = image(16, 32, 1, 1, 16 if stored > 8 else 8, stored, signed, photometric="MONOCHROME1" if number % 4 == 3 else None)
                data = samples(ds)
                ds.add_new("PixelData", "OW" if stored > 8 else "OB", data)
                ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = slope, intercept, "US"
                ds.WindowCenter, ds.WindowWidth, ds.VOILUTFunction = center, width, function
                path = f"{folder}/window-{number}.dcm"
                save(ds, path, ExplicitVRLittleEndian)
                print(path)
                number += 1


def difference(path, picture):
    ds = pydicom.dcmread(path)
    values = apply_voi_lut(apply_modality_lut(ds.pixel_array, ds), ds).astype("float64")
    # What pydicom calls black and white: the least and greatest stored value, rescaled.
    low, high = (-(1 << ds.BitsStored - 1), (1 << ds.BitsStored - 1) - 1) if ds.PixelRepresentation else (0, (1 << ds.BitsStored) - 1)
    low, high = (edge * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for edge in (low, high))
    grey = (values - low) / (high - low) * 255
    if ds.PhotometricInterpretation == "MONOCHROME1":
        grey = 255 - grey
    mine = numpy.asarray(png(picture), dtype="float64").reshape(grey.shape)
    return int(numpy.ceil(numpy.abs(mine - grey).max() - 0.5 - 1e-6))


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(sys.argv[2])
    elif sys.argv[1] == "--windows":
        windows(sys.argv[2])
    else:
        for path, picture in zip(sys.argv[2::2], sys.argv[3::2]):
            print(difference(path, picture), path)
