# SPDX-License-Identifier: Apache-2.0
"""Runs the readers in turn and on one processor, so that a noisy machine is noisy for all; prints medians, of the ratios
too, which are taken round by round."""
import glob
import os
import statistics
import subprocess

OURS, DCMTK = [".build-release/release/reading-benchmark"], [".build-bench/dcmtk-reading"]
PYDICOM = [".venv/bin/python", "-W", "ignore", "Benchmarks/Reading/pydicom_reading.py"]
ROUNDS, FILES = int(os.environ["ROUNDS"]), os.environ["FILES"]

# What is read, and how each reader is asked for it. "full" leaves values beyond 4 KiB where they are, as DCMTK's loadFile
# does; "memory" has all of the file in memory.
ASKS = [
    ("header", [("this, mapped", OURS, "header"), ("this, read", OURS, "prefix")], "header", "header"),
    ("full", [("this, mapped", OURS, "full"), ("this, read", OURS, "overview")], "full", "full"),
    ("memory", [("this, read", OURS, "memory")], "memory", "memory"),
]


# So many files that no reader's start counts, and none takes a minute.
LEAST = {"this, mapped": 800, "this, read": 800, "DCMTK": 80, "pydicom": 20}


# The last processor: the first takes most of the interrupts.
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run(command, mode, files, least):
    files = files * -(-least // len(files))
    out = subprocess.run(command + [mode] + files, check=True, capture_output=True, text=True).stdout.split()
    return float(out[2]) / len(files) * 1e6, int(out[3]) / 1024


for folder in ("slices", "multiframes"):
    files = sorted(glob.glob(f"{FILES}/{folder}/*.dcm"))
    print(f"\n{folder}: {len(files)} files, {sum(map(os.path.getsize, files)) / len(files) / 1024:.0f} KiB each, {ROUNDS} rounds")
    print(f"  {'read':8} {'reader':14} {'µs/file':>10} {'peak MiB':>9} {'× DCMTK':>8} {'× pydicom':>10}")
    for what, ours, dcmtk_mode, pydicom_mode in ASKS:
        readers = ours + [("DCMTK", DCMTK, dcmtk_mode), ("pydicom", PYDICOM, pydicom_mode)]
        results = {name: [] for name, _, _ in readers}
        for _ in range(ROUNDS):
            for name, command, mode in readers:
                results[name].append(run(command, mode, files, LEAST[name]))
        times = {name: [time for time, _ in runs] for name, runs in results.items()}

        def faster(name, than):
            return statistics.median(theirs / own for own, theirs in zip(times[name], times[than]))

        for name, runs in results.items():
            peak = max(memory for _, memory in runs)
            print(
                f"  {what:8} {name:14} {statistics.median(times[name]):10.1f} {peak:9.1f} {faster(name, 'DCMTK'):8.1f}"
                f" {faster(name, 'pydicom'):10.1f}")
