# SPDX-License-Identifier: Apache-2.0
"""multiplied.py DATA COUNT: in the index of an archive, rows like that of its one instance, until there are so many; prints
the UIDs of its study and series."""
import sqlite3
import sys

database = sqlite3.connect(f"{sys.argv[1]}/index.sqlite")
own = ("id", "object", "v_00080018")
columns = ", ".join(row[1] for row in database.execute("PRAGMA table_info(instance)") if row[1] not in own)
with database:
    database.execute(f"""
        WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO instance (id, object, v_00080018, {columns}) SELECT i + 100, 'o' || i, '1.2.3.1.' || i, {columns}
          FROM n, (SELECT * FROM instance LIMIT 1) WHERE i <= ?""", (int(sys.argv[2]),) * 2)
print(*database.execute("SELECT v_0020000d, v_0020000e FROM study JOIN series ON series.study = study.id").fetchone())
