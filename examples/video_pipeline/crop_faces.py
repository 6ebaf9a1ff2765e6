"""Crops videos around the face: the smallest box with everything in it that is no background.

python crop_faces.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import metasql

BACKGROUND = "."


def crop(video_id: str, path: str) -> dict[str, Any]:
    """The box around a face, and the file that it was written to."""
    _, *lines = Path(path).read_text().splitlines()
    found = [(x, y) for y, line in enumerate(lines) for x, dot in enumerate(line) if dot != BACKGROUND]
    if not found:
        return {"path": None, "left_px": 0, "top_px": 0, "width_px": 0, "height_px": 0}
    left, right = min(x for x, _ in found), max(x for x, _ in found)
    top, bottom = min(y for _, y in found), max(y for _, y in found)
    cropped = Path("target/crops") / f"{video_id}.txt"
    cropped.parent.mkdir(parents=True, exist_ok=True)
    cropped.write_text("".join(f"{line[left : right + 1]}\n" for line in lines[top : bottom + 1]))
    size = {"width_px": right - left + 1, "height_px": bottom - top + 1}
    return {"path": str(cropped), "left_px": left, "top_px": top, **size}


with metasql.Project.load(".").connect() as warehouse:
    # In batches, so that a million of them fit; each is committed as soon as it is done.
    for batch in warehouse.increment("video/face_crop").batches(100):
        done = []
        for video in sorted(batch.to_pylist(), key=lambda video: video["video_id"]):
            made = crop(video["video_id"], video["full_path"])
            print(f"{video['video_id']}: {made['width_px']} x {made['height_px']}")
            # The receipt says what this was made of.
            done.append({"video_id": video["video_id"], **made, "metasql_receipt": video["metasql_receipt"]})
        committed = warehouse.commit("video/face_crop", done)
        print(f"{committed.rows} committed")
