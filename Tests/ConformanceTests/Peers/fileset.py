# SPDX-License-Identifier: Apache-2.0
"""fileset.py FOLDER STORE: pydicom reads the file-set of a folder; every file that it names is one of the store's, byte for byte."""
import hashlib
import sys
from pathlib import Path

from pydicom import dcmread
from pydicom.fileset import FileSet

folder, store = Path(sys.argv[1]), Path(sys.argv[2])


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


stored = {digest(path) for path in store.rglob("*.dcm")}
fileset = FileSet(folder / "DICOMDIR")
instances = list(fileset)
assert len(instances) == len(stored), (len(instances), len(stored))
assert {digest(instance.path) for instance in instances} == stored
for instance in instances:
    ds = dcmread(instance.path, force=False)
    assert instance.ReferencedSOPInstanceUIDInFile == ds.SOPInstanceUID
    assert instance.ReferencedSOPClassUIDInFile == ds.SOPClassUID
    assert instance.ReferencedTransferSyntaxUIDInFile == ds.file_meta.TransferSyntaxUID
    if "StudyInstanceUID" in ds and "SeriesInstanceUID" in ds:
        assert instance.StudyInstanceUID == ds.StudyInstanceUID
        assert instance.SeriesInstanceUID == ds.SeriesInstanceUID
        if ds.get("PatientName"):
            assert str(instance.PatientName) == str(ds.PatientName), (instance.PatientName, ds.PatientName)
        if ds.get("PatientID"):
            assert instance.PatientID == ds.PatientID
    relative = instance.path if isinstance(instance.path, str) else str(instance.path)
    for part in Path(relative).relative_to(folder.resolve()).parts:
        assert 1 <= len(part) <= 8 and all(c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_" for c in part), part
# The file-set as pydicom itself would write it has the same tree.
assert len(fileset.find()) == len(instances)
