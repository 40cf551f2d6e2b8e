#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the DICOM files of this folder; the same bytes at every run. All people are invented.

  generate.py           write them (needs pydicom 3.0 and numpy)
  generate.py --check   only say whether what is here is what it would write
"""
import hashlib
import io
import sys
import zlib
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian,
                         ImplicitVRLittleEndian, RLELossless, UID)

FOLDER = Path(__file__).parent
CLASSES = {
    "CR": "1.2.840.10008.5.1.4.1.1.1", "CT": "1.2.840.10008.5.1.4.1.1.2", "MR": "1.2.840.10008.5.1.4.1.1.4",
    "US": "1.2.840.10008.5.1.4.1.1.6.1", "DX": "1.2.840.10008.5.1.4.1.1.1.1", "PT": "1.2.840.10008.5.1.4.1.1.128",
    "XA": "1.2.840.10008.5.1.4.1.1.12.1", "SR": "1.2.840.10008.5.1.4.1.1.88.22",
    "DOC": "1.2.840.10008.5.1.4.1.1.104.1", "ECG": "1.2.840.10008.5.1.4.1.1.9.1.1",
    "HP": "1.2.840.10008.5.1.4.38.1",
}


def uid(*parts):
    """A UID under 2.25 (PS3.5 B.2) that depends on nothing but its parts."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"


class Patient:
    def __init__(self, key, name, patient_id, birth, sex, issuer="", charset="ISO_IR 192", **more):
        self.key, self.name, self.patient_id, self.birth, self.sex = key, name, patient_id, birth, sex
        self.issuer, self.charset, self.more = issuer, charset, more


MAIER = Patient("maier", "Maier^Jürgen", "4711", "19610305", "M", "CITYHOSPITAL", "ISO_IR 100")
NAMESAKE = Patient("namesake", "Okafor^Adaeze", "4711", "19881120", "F", "LAKECLINIC")
PARENT = Patient("parent", "Lindqvist^Åsa", "F100", "19840614", "F", "CITYHOSPITAL")
CHILD1 = Patient("child1", "Lindqvist^Nils", "F101", "20150202", "M", "CITYHOSPITAL")
CHILD2 = Patient("child2", "Lindqvist^Ida", "F102", "20190930", "F", "CITYHOSPITAL")
YAMADA = Patient("yamada", "Yamada^Tarou=山田^太郎=やまだ^たろう", "J1", "19700101", "M", charset=["", "ISO 2022 IR 87"])
WANG = Patient("wang", "Wang^XiaoDong=王^小东", "C1", "19790812", "M", charset="GB18030")
GREEK = Patient("greek", "Παπαδόπουλος^Γιώργος", "G1", "19550517", "M", charset="ISO_IR 126")
NOBODY = Patient("nobody", "Unknown^Emergency", "", "", "")
REX = Patient("rex", "Schmidt^Rex", "V7", "20200401", "M", "PAWSVET", ResponsiblePerson="Schmidt^Petra",
              ResponsiblePersonRole="OWNER", PatientSpeciesDescription="Canine", PatientBreedDescription="Beagle")


def base(patient, modality, study, series=1, number=1, sop_class=None):
    ds = Dataset()
    if patient.charset:
        ds.SpecificCharacterSet = patient.charset
    ds.SOPClassUID = sop_class or CLASSES[modality]
    ds.SOPInstanceUID = uid(patient.key, study, series, number)
    ds.StudyDate, ds.StudyTime = f"2026{study % 12 + 1:02d}1{series % 10}", "101500"
    ds.SeriesDate, ds.SeriesTime = ds.StudyDate, "102000"
    ds.AccessionNumber = f"A{study:04d}"
    ds.Modality = modality
    ds.Manufacturer = "Collimator Fixtures"
    ds.InstitutionName = "Example Hospital"
    ds.ReferringPhysicianName = "Weber^Ruth"
    ds.StudyDescription = f"{modality} study {study}"
    ds.SeriesDescription = f"{modality} series {series}"
    ds.PatientName, ds.PatientID = patient.name, patient.patient_id
    if patient.issuer:
        ds.IssuerOfPatientID = patient.issuer
    ds.PatientBirthDate, ds.PatientSex = patient.birth, patient.sex
    for keyword, value in patient.more.items():
        setattr(ds, keyword, value)
    ds.StudyInstanceUID = uid(patient.key, study)
    ds.SeriesInstanceUID = uid(patient.key, study, series)
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = str(study), series, number
    return ds


def image(ds, rows=16, columns=16, frames=1, bits=16, samples=1):
    rng = np.random.default_rng(int(hashlib.sha256(ds.SOPInstanceUID.encode()).hexdigest()[:8], 16))
    pixels = rng.integers(0, 2 ** min(bits, 12), size=(frames, rows, columns, samples))
    ds.SamplesPerPixel = samples
    ds.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        ds.PlanarConfiguration = 0
    if frames > 1:
        ds.NumberOfFrames = frames
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated, ds.BitsStored = (16, 12) if bits == 16 else (8, 8)
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, 0
    ds.PixelData = pixels.astype("<u2" if bits == 16 else "u1").tobytes()
    ds["PixelData"].VR = "OW" if bits == 16 else "OB"
    return ds


def rle(ds):
    """RLE Lossless by hand (PS3.5 annex G): each byte plane as literal runs, so that no encoder's version matters."""
    size = ds.Rows * ds.Columns
    planes = [ds.PixelData[1::2], ds.PixelData[0::2]] if ds.BitsAllocated == 16 else [ds.PixelData]
    segments = []
    for plane in planes:
        runs = b"".join(bytes([len(plane[i:i + 128]) - 1]) + plane[i:i + 128] for i in range(0, size, 128))
        segments.append(runs + b"\0" * (len(runs) % 2))
    offsets = [64]
    for segment in segments[:-1]:
        offsets.append(offsets[-1] + len(segment))
    header = np.array([len(segments)] + offsets + [0] * (15 - len(offsets)), dtype="<u4").tobytes()
    ds.PixelData = encapsulate([header + b"".join(segments)])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    return ds


def report(ds):
    def concept(code, meaning):
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", meaning
        return item
    ds.ContentDate, ds.ContentTime = ds.StudyDate, "113000"
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = Sequence([concept("126000", "Imaging Measurement Report")])
    finding = Dataset()
    finding.RelationshipType, finding.ValueType = "CONTAINS", "TEXT"
    finding.ConceptNameCodeSequence = Sequence([concept("121071", "Finding")])
    finding.TextValue = "Kein Befund. Größe unverändert."
    ds.ContentSequence = Sequence([finding])
    return ds


def document(ds):
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    ds.ConversionType, ds.DocumentTitle, ds.BurnedInAnnotation = "WSD", "Discharge letter", "YES"
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument = pdf + b"\n" * (len(pdf) % 2)
    return ds


def waveform(ds):
    group = Dataset()
    group.WaveformOriginality, group.NumberOfWaveformChannels = "ORIGINAL", 1
    group.NumberOfWaveformSamples, group.SamplingFrequency = 100, "500"
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add_new(0x54001010, "OW", (np.sin(np.arange(100) / 5) * 1000).astype("<i2").tobytes())
    ds.WaveformSequence = Sequence([group])
    return ds


def hanging_protocol():
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = CLASSES["HP"], uid("hanging protocol"), "HP"
    ds.HangingProtocolName, ds.HangingProtocolLevel = "CHEST", "SITE"
    ds.HangingProtocolCreator, ds.NumberOfPriorsReferenced = "Example Hospital", 0
    return ds


def multi_frame_us():
    return image(base(PARENT, "US", 6), frames=5, bits=8, samples=3,
                 rows=12, columns=12)


def objects():
    """(file name, data set, transfer syntax)"""
    for number in (1, 2, 3):
        yield f"ct-{number}.dcm", image(base(MAIER, "CT", 1, 1, number)), ExplicitVRLittleEndian
    yield "ct-scout.dcm", image(base(MAIER, "CT", 1, 2, 1), 8, 24), ImplicitVRLittleEndian
    yield "sr.dcm", report(base(MAIER, "SR", 1, 3, 1)), ExplicitVRLittleEndian
    yield "mr-same-id.dcm", image(base(NAMESAKE, "MR", 2)), ImplicitVRLittleEndian
    yield "dx-parent.dcm", image(base(PARENT, "DX", 3)), ExplicitVRLittleEndian
    yield "cr-child-1.dcm", image(base(CHILD1, "CR", 4)), ExplicitVRBigEndian
    yield "cr-child-2.dcm", image(base(CHILD2, "CR", 5)), DeflatedExplicitVRLittleEndian
    us = multi_frame_us()
    us.SOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    us.add_new(0x00280009, "AT", 0x00181063)
    us.FrameTime = "40"
    yield "us-multiframe.dcm", us, ExplicitVRLittleEndian
    yield "mr-japanese.dcm", image(base(YAMADA, "MR", 7)), ExplicitVRLittleEndian
    yield "pt-chinese.dcm", image(base(WANG, "PT", 8)), ExplicitVRLittleEndian
    yield "xa-greek-rle.dcm", rle(image(base(GREEK, "XA", 9))), RLELossless
    yield "dx-no-patient-id.dcm", image(base(NOBODY, "DX", 10)), ExplicitVRLittleEndian
    yield "dx-dog.dcm", image(base(REX, "DX", 11)), ExplicitVRLittleEndian
    yield "doc-pdf.dcm", document(base(PARENT, "DOC", 3, 2)), ExplicitVRLittleEndian
    yield "ecg.dcm", waveform(base(CHILD1, "ECG", 12)), ExplicitVRLittleEndian
    yield "hanging-protocol.dcm", hanging_protocol(), ExplicitVRLittleEndian


def encoded(ds, syntax):
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID, meta.ImplementationVersionName = UID(uid("fixtures")), "FIXTURES"
    ds.file_meta = meta
    if syntax == ExplicitVRBigEndian:
        # pydicom writes OW as it is given: the words have to be turned first.
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
        ds["PixelData"].VR = "OW"
    if syntax == DeflatedExplicitVRLittleEndian:
        return deflated(ds)
    out = io.BytesIO()
    dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def deflated(ds):
    """Stored blocks (RFC 1951 3.2.4): zlib's versions compress differently, and the bytes here must not."""
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    out = io.BytesIO()
    dcmwrite(out, ds, enforce_file_format=True)
    plain = out.getvalue()
    length = 132 + 12 + int.from_bytes(plain[140:144], 'little')
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    head = io.BytesIO()
    pydicom.filewriter.write_file_meta_info(head, ds.file_meta, enforce_standard=True)
    body = plain[length:]
    assert len(body) < 65536
    block = b"\x01" + len(body).to_bytes(2, "little") + (len(body) ^ 0xFFFF).to_bytes(2, "little") + body
    assert zlib.decompress(block, -15) == body
    return bytes(128) + b"DICM" + head.getvalue() + block + b"\0" * (len(block) % 2)


def main():
    stale = []
    for name, ds, syntax in objects():
        content = encoded(ds, syntax)
        path = FOLDER / name
        if path.exists() and path.read_bytes() == content:
            continue
        if "--check" in sys.argv:
            stale.append(name)
        else:
            path.write_bytes(content)
    if stale:
        sys.exit(f"not what generate.py writes: {', '.join(stale)}")
    if "--check" in sys.argv:
        print("the fixtures are what generate.py writes")


if __name__ == "__main__":
    main()
