# SPDX-License-Identifier: Apache-2.0
"""hostile_dicomdir.py FOLDER: a DICOMDIR whose File IDs lead out of its folder, in every way that comes to mind."""
import os
import sys
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

folder = Path(sys.argv[1])
folder.mkdir(parents=True)
os.symlink("..", folder / "UP")
os.symlink("../SECRET", folder / "LINK")
(folder / "SUB").mkdir()
records = []
for file_id in [
    ["..", "SECRET"], ["SUB", "..", "..", "SECRET"], ["UP", "SECRET"], ["LINK"], ["../SECRET"],
    [str(folder.parent / "SECRET")], [".", "..", "SECRET"], ["", "SECRET"], ["SUB"], ["A" * 4000], ["NOWHERE"], ["SECRET\0"],
]:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = 0xFFFFFFFF
    record.RecordInUseFlag = 0xFFFF
    record.OffsetOfReferencedLowerLevelDirectoryEntity = 12
    record.DirectoryRecordType = "IMAGE"
    record.add_new(0x00041500, "CS", "\\".join(file_id).encode("latin-1").decode("latin-1"))
    records.append(record)
ds = Dataset()
ds.FileSetID = ""
ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 400
ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 400
ds.FileSetConsistencyFlag = 0
ds.DirectoryRecordSequence = records
ds.file_meta = FileMetaDataset()
ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.save_as(folder / "DICOMDIR", enforce_file_format=True)
