# SPDX-License-Identifier: Apache-2.0
"""multiplied.py DATA COUNT [linked]: in the index of an archive, rows like that of its one instance, until there are so many;
prints the UIDs of its study and series. With `linked` each row has a file of its own name, the same one."""
import os
import shutil
import sqlite3
import sys

# ext4 takes 65,000.
MOST_LINKS = 50_000

data, count = sys.argv[1], int(sys.argv[2])
database = sqlite3.connect(f"{data}/index.sqlite")
name = database.execute("SELECT object FROM instance").fetchone()[0]
prefix = name[:2] if sys.argv[3:] == ["linked"] else "o"
own = ("id", "object", "v_00080018")
columns = ", ".join(row[1] for row in database.execute("PRAGMA table_info(instance)") if row[1] not in own)
with database:
    database.execute(f"""
        WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO instance (id, object, v_00080018, {columns})
          SELECT i + 100, '{prefix}' || printf('%030x', i), '1.2.3.1.' || i, {columns}
          FROM n, (SELECT * FROM instance LIMIT 1) WHERE i <= ?""", (count,) * 2)
if prefix != "o":
    shelf = f"{data}/instances/{prefix}"
    source = f"{shelf}/{name}.dcm"
    for number in range(2, count + 1):
        path = f"{shelf}/{prefix}{number:030x}.dcm"
        if number % MOST_LINKS == 0:
            shutil.copyfile(source, path)
            source = path
        else:
            os.link(source, path)
print(*database.execute("SELECT v_0020000d, v_0020000e FROM study JOIN series ON series.study = study.id").fetchone())
