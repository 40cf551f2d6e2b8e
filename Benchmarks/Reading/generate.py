#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files for the reading benchmark, the same for the same arguments: generate.py OUT [--slices N] [--multiframes N].

OUT/slices: CT- and MR-like single frames, some 170 elements with sequences and private blocks before 512 KiB of pixels; half
in implicit VR. OUT/multiframes: Enhanced MR with 1,000 frames, each with ten functional groups.
"""
import argparse
import random
from pathlib import Path

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

CT, ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4.1"


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def reference(number):
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT, f"2.25.{number}"
    return item


def common(chance, number, sop_class):
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 100"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]
    data.SOPClassUID, data.SOPInstanceUID = sop_class, f"2.25.{chance.getrandbits(100)}"
    data.StudyDate = data.SeriesDate = data.AcquisitionDate = data.ContentDate = "20240229"
    data.StudyTime = data.SeriesTime = data.AcquisitionTime = data.ContentTime = "101530.123000"
    data.AccessionNumber, data.Modality, data.Manufacturer = f"A{number}", "CT", "Collimator benchmark"
    data.InstitutionName, data.InstitutionAddress = "Universitätsklinikum", "Straße 1, Köln"
    data.ReferringPhysicianName, data.StationName = "Überweiser^Jörg", "CT01"
    data.StudyDescription, data.SeriesDescription = "Thorax/Abdomen", "Abd 5.0 B30f"
    data.ProcedureCodeSequence = Sequence([code("P5-00000", "SRT", "Radiography")])
    data.ReferencedImageSequence = Sequence([reference(n) for n in range(3)])
    data.PatientName, data.PatientID = "Müller^Käthe", f"P{number // 100}"
    data.PatientBirthDate, data.PatientSex, data.PatientAge = "19600101", "F", "064Y"
    data.PatientSize, data.PatientWeight = "1.70", "71.5"
    data.StudyInstanceUID, data.SeriesInstanceUID = f"2.25.{number // 1000 + 7}", f"2.25.{number // 100 + 9}"
    data.StudyID, data.SeriesNumber, data.InstanceNumber = "1", "2", str(number)
    data.FrameOfReferenceUID = "2.25.5"
    data.RequestAttributesSequence = Sequence([Dataset()])
    step = data.RequestAttributesSequence[0]
    step.ScheduledProcedureStepID, step.RequestedProcedureID = "S1", "R1"
    step.ScheduledProtocolCodeSequence = Sequence([code("CTABD", "99LOCAL", "CT Abdomen")])
    return data


def slice_of(chance, number):
    data = common(chance, number, CT)
    for keyword, value in {
        "ScanOptions": "SPI", "SliceThickness": "5", "KVP": "120", "DataCollectionDiameter": "500",
        "SoftwareVersions": "syngo", "ProtocolName": "Abd", "ReconstructionDiameter": "360",
        "DistanceSourceToDetector": "1040", "DistanceSourceToPatient": "570", "GantryDetectorTilt": "0",
        "TableHeight": "144", "RotationDirection": "CW", "ExposureTime": "500", "XRayTubeCurrent": "145",
        "Exposure": "97", "FilterType": "0", "GeneratorPower": "17", "FocalSpots": "1.2",
        "ConvolutionKernel": "B30f", "PatientPosition": "HFS", "ImagePositionPatient": ["-180", "-180", str(number)],
        "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"], "SliceLocation": str(number),
        "ImageComments": "benchmark", "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "Rows": 512,
        "Columns": 512, "PixelSpacing": ["0.703125", "0.703125"], "BitsAllocated": 16, "BitsStored": 12, "HighBit": 11,
        "PixelRepresentation": 0, "SmallestImagePixelValue": 0, "LargestImagePixelValue": 4095,
        "WindowCenter": ["40", "-600"], "WindowWidth": ["400", "1200"], "RescaleIntercept": "-1024",
        "RescaleSlope": "1", "WindowCenterWidthExplanation": ["W1", "W2"],
    }.items():
        setattr(data, keyword, value)
    for group, creator, count in ((0x0019, "SIEMENS CT VA0  COAD", 40), (0x0029, "SIEMENS CSA HEADER", 8)):
        block = data.private_block(group, creator, create=True)
        for element in range(count):
            block.add_new(0x10 + element, "LO", f"private {element}")
    block = data.private_block(0x0029, "SIEMENS MEDCOM HEADER", create=True)
    block.add_new(0x60, "LO", "com")
    data.PixelData = chance.randbytes(512 * 512 * 2)
    data["PixelData"].VR = "OW"
    return data


def frame(number):
    item = Dataset()

    def group(keyword, **elements):
        inner = Dataset()
        for name, value in elements.items():
            setattr(inner, name, value)
        setattr(item, keyword, Sequence([inner]))
        return inner

    group("FrameContentSequence", FrameAcquisitionNumber=number, FrameReferenceDateTime="20240229101530.123000",
          FrameAcquisitionDateTime="20240229101530.1", FrameAcquisitionDuration=1.5,
          DimensionIndexValues=[1, number], StackID="1", InStackPositionNumber=number, TemporalPositionIndex=1)
    group("PlanePositionSequence", ImagePositionPatient=["-120.5", "-120.5", str(number)])
    group("PlaneOrientationSequence", ImageOrientationPatient=["1", "0", "0", "0", "1", "0"])
    group("PixelMeasuresSequence", SliceThickness="3", PixelSpacing=["0.9", "0.9"])
    group("FrameVOILUTSequence", WindowCenter="300", WindowWidth="600")
    group("PixelValueTransformationSequence", RescaleIntercept="0", RescaleSlope="1", RescaleType="US")
    group("MREchoSequence", EffectiveEchoTime=12.5)
    group("MRTimingAndRelatedParametersSequence", RepetitionTime="500", FlipAngle="70", EchoTrainLength=1)
    anatomy = group("FrameAnatomySequence", FrameLaterality="U")
    anatomy.AnatomicRegionSequence = Sequence([code("T-A0100", "SRT", "Brain")])
    source = group("DerivationImageSequence", DerivationDescription="none")
    source.SourceImageSequence = Sequence([reference(number)])
    return item


def multiframe(chance, number, frames):
    data = common(chance, number, ENHANCED_MR)
    data.Modality, data.NumberOfFrames = "MR", str(frames)
    data.SharedFunctionalGroupsSequence = Sequence([Dataset()])
    data.PerFrameFunctionalGroupsSequence = Sequence([frame(n) for n in range(frames)])
    data.SamplesPerPixel, data.PhotometricInterpretation, data.Rows, data.Columns = 1, "MONOCHROME2", 32, 32
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.PixelData = chance.randbytes(32 * 32 * 2 * frames)
    data["PixelData"].VR = "OW"
    return data


def write(data, path, syntax, undefined):
    if undefined:
        for element in data.iterall():
            if element.VR == "SQ":
                element.is_undefined_length = True
                for item in element.value:
                    item.is_undefined_length_sequence_item = True
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    FileDataset(None, data, file_meta=meta, preamble=b"\0" * 128).save_as(path, enforce_file_format=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--slices", type=int, default=1000)
    parser.add_argument("--multiframes", type=int, default=40)
    arguments = parser.parse_args()
    chance = random.Random(3)
    for folder in ("slices", "multiframes"):
        (arguments.out / folder).mkdir(parents=True, exist_ok=True)
    for number in range(arguments.slices):
        syntax = ImplicitVRLittleEndian if number % 2 else ExplicitVRLittleEndian
        write(slice_of(chance, number), arguments.out / f"slices/{number:04}.dcm", syntax, number % 4 > 1)
    for number in range(arguments.multiframes):
        path = arguments.out / f"multiframes/{number:03}.dcm"
        write(multiframe(chance, number, 1000), path, ExplicitVRLittleEndian, number % 2 == 1)


main()
