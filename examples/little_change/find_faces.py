"""Finds the faces in talks, and how many of them smile.

python find_faces.py
"""

from __future__ import annotations

import re

import metasql

FACE = re.compile(r"\((.)_\1\)")

with metasql.Project.load(".").connect() as warehouse:
    todo = warehouse.increment("talk/faces").to_dicts()
    done = []
    for talk in todo:
        eyes = FACE.findall(talk["pictures"])
        made = {"faces": len(eyes), "smiling": eyes.count("^")}
        done.append({"talk_id": talk["talk_id"], **made, "metasql_receipt": talk["metasql_receipt"]})
    warehouse.commit("talk/faces", done)

print(f"looked at {len(done)} talks")
