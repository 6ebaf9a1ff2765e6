"""Stands for a program that makes thumbnails: it takes what there is to do, and tells what it made.

python make_thumbnails.py todo.json done.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

todo, done = (Path(name) for name in sys.argv[1:])
with done.open("w") as results:
    for line in todo.read_text().splitlines():
        photo = json.loads(line)
        # Read photo["path"] and make it small here.
        made = {
            "photo_id": photo["photo_id"],
            "path": f"thumbnails/{photo['photo_id']}.png",
            "width_px": 160,
            # What this was made of, as it was handed out.
            "metasql_receipt": photo["metasql_receipt"],
        }
        results.write(json.dumps(made) + "\n")
        print(f"made {made['path']}")
