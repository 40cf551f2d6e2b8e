# SPDX-License-Identifier: Apache-2.0
"""What has to hold of a data directory after whatever happened, looked at without a line of ours: SQLite and bytes."""
import contextlib
import hashlib
import os
import sqlite3
import struct


class Broken(Exception):
    pass


def elements(data):
    """Top level elements of a Part 10 file that the scenario wrote: group 0002, then implicit or explicit little endian."""
    length = struct.unpack_from("<I", data, 140)[0]
    meta, at = {}, 144
    while at < 144 + length:
        group, element = struct.unpack_from("<HH", data, at)
        vr = data[at + 4:at + 6]
        if vr in (b"OB", b"UN"):
            size, at = struct.unpack_from("<I", data, at + 8)[0], at + 12
        else:
            size, at = struct.unpack_from("<H", data, at + 6)[0], at + 8
        meta[(group, element)] = data[at:at + size]
        at += size
    implicit = meta[(2, 0x10)].rstrip(b"\0") == b"1.2.840.10008.1.2"
    found = {}
    while at < len(data):
        group, element = struct.unpack_from("<HH", data, at)
        if implicit:
            size, at = struct.unpack_from("<I", data, at + 4)[0], at + 8
        elif data[at + 4:at + 6] in (b"OW", b"OB", b"UN", b"UT"):
            size, at = struct.unpack_from("<I", data, at + 8)[0], at + 12
        else:
            size, at = struct.unpack_from("<H", data, at + 6)[0], at + 8
        if at + size > len(data):
            raise Broken("half an object")
        found[(group, element)] = data[at:at + size]
        at += size
    return 144 + length, found


def pixels(content, size):
    return bytes((index * (content + 7)) & 0xFF for index in range(size))


def files(directory):
    root = os.path.join(directory, "instances")
    found = {}
    for shelf in os.listdir(root):
        for name in os.listdir(os.path.join(root, shelf)):
            found[name[:-4]] = os.path.join(root, shelf, name)
    return found


def dump(directory):
    """All tables with all rows; but what says how the last run ended."""
    with contextlib.closing(sqlite3.connect(os.path.join(directory, "index.sqlite"))) as database:
        lines = ["integrity: %s" % database.execute("PRAGMA integrity_check").fetchall(),
                 "foreign keys: %s" % database.execute("PRAGMA foreign_key_check").fetchall()]
        lines += [line for line in database.iterdump() if not line.startswith('INSERT INTO "node"')]
    return lines + sorted(files(directory))


def same(one, other):
    """Raises Broken where a migration that was interrupted is not what one is that was not."""
    for line, expected in zip(one + [None] * len(other), other + [None] * len(one)):
        if line != expected:
            raise Broken("migrated to %s, and not to %s" % (line, expected))


def exported(target, directory, isWhole):
    """What is in the folder under a name that is final is a file of the archive, to the byte."""
    there = set()
    for path in files(directory).values():
        with open(path, "rb") as file:
            there.add(hashlib.sha256(file.read()).digest())
    found = set()
    for folder, _, names in os.walk(target):
        for name in names:
            # What is not under its last name yet was never exported.
            if "/.collimator-export" in folder or name in ("DICOMDIR", "DICOMDIR.partial"):
                continue
            with open(os.path.join(folder, name), "rb") as file:
                digest = hashlib.sha256(file.read()).digest()
            if digest not in there:
                raise Broken("exported and not in the archive: %s" % name)
            found.add(digest)
    if isWhole:
        with contextlib.closing(sqlite3.connect(os.path.join(directory, "index.sqlite"))) as database:
            # Under two patients one UID is two objects.
            objects = database.execute("SELECT count(*) FROM (SELECT DISTINCT series, v_00080018 FROM instance)").fetchone()[0]
        if len(found) != objects or not os.path.exists(os.path.join(target, "DICOMDIR")):
            raise Broken("%d objects are exported, of %d" % (len(found), objects))


def verify(directory, log, reads_failed=False):
    """Raises Broken; returns how many acknowledgements were found to be kept. The node has to have been started since."""
    with contextlib.closing(sqlite3.connect(os.path.join(directory, "index.sqlite"))) as database:
        return verified(directory, log, database, reads_failed)


def verified(directory, log, database, reads_failed):
    one = lambda sql: database.execute(sql).fetchone()[0]
    if one("PRAGMA integrity_check") != "ok":
        raise Broken("integrity_check")
    if database.execute("PRAGMA foreign_key_check").fetchall():
        raise Broken("foreign_key_check")
    if os.listdir(os.path.join(directory, "incoming")):
        raise Broken("leftovers in incoming")
    if os.path.isdir(os.path.join(directory, "arrivals")) and os.listdir(os.path.join(directory, "arrivals")):
        raise Broken("leftovers in arrivals")
    stored = files(directory)
    rows = database.execute("SELECT object, digest, size, v_00080018, fault FROM instance").fetchall()
    if {row[0] for row in rows} != set(stored):
        raise Broken("files and rows differ: %s" % ({row[0] for row in rows} ^ set(stored)))
    if one("SELECT count(*) FROM instance LEFT JOIN arrival ON number = id AND arrival.object = instance.object"
           " WHERE number IS NULL"):
        raise Broken("an instance without its arrival")
    kept = set()
    for name, digest, size, uid, fault in rows:
        with open(stored[name], "rb") as file:
            data = file.read()
        if fault or len(data) != size:
            raise Broken("%s is marked or has another size" % name)
        offset, found = elements(data)
        if hashlib.sha256(data[offset:]).digest() != digest:
            raise Broken("%s is not what its digest says" % name)
        content = int(found[(0x10, 0x4000)].decode().strip().split()[1])
        body = found[(0x7FE0, 0x10)]
        if body != pixels(content, len(body)):
            raise Broken("%s has other pixels" % name)
        if found[(8, 0x18)].rstrip(b"\0").decode() != uid:
            raise Broken("%s is indexed as another object" % name)
        kept.add((uid, content, len(body)))
    for study, received in database.execute(
            "SELECT id, received_demographics FROM study WHERE patient IS NULL AND folded_into IS NULL"):
        raise Broken("study row %d is shown nowhere" % study)
    acknowledged = 0
    lines = []
    if os.path.exists(log):
        with open(log) as text:
            lines = [line for line in text.read().split("\n")[:-1]]
    deleting = {line.split()[1] for line in lines if line.startswith("deleting ")}
    deleted = {line.split()[1] for line in lines if line.startswith("deleted ")}
    for uid in deleted:
        if any(object[0] == uid for object in kept):
            raise Broken("deleted and there: " + uid)
    for uid in deleting - deleted:
        versions = {object for object in kept if object[0] == uid}
        before = {(w[1], int(w[2]), int(w[3])) for w in map(str.split, lines) if w[0] == "stored" and w[1] == uid}
        if versions and versions != before:
            raise Broken("half deleted: " + uid)
    if one("SELECT count(*) FROM tombstone WHERE is_removed = 0"):
        raise Broken("a deleted object's file was not removed")
    if one("SELECT count(*) FROM instance JOIN tombstone USING (object)"):
        raise Broken("deleted and indexed")
    for line in lines:
        words = line.split()
        # Of a file that could not be read it is said so.
        if words[0] == "unclean" and not reads_failed:
            raise Broken(line)
        if words[0] == "stored" and words[1] in deleting:
            acknowledged += 1
        elif words[0] == "stored":
            acknowledged += 1
            if (words[1], int(words[2]), int(words[3])) not in kept:
                raise Broken("LOST: " + line)
        elif words[:2] == ["done", "choose"]:
            acknowledged += 1
            if not database.execute("SELECT 1 FROM conflict_choice WHERE sop_instance_uid = ? AND hex(digest) = ?",
                                    (words[2], words[3].upper())).fetchone():
                raise Broken("LOST: " + line)
        elif words[0] == "done":
            acknowledged += 1
            if not one("SELECT count(*) FROM correction WHERE kind = '%s'" % words[1]):
                raise Broken("LOST: " + line)
    return acknowledged
