"""Lists the videos of footage/ in seeds/raw_videos.csv, with a hash of what is to be seen in each.

python list_footage.py
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

with Path("seeds/raw_videos.csv").open("w", newline="") as listed:
    rows = csv.writer(listed, lineterminator="\n")
    rows.writerow(["video_id", "path", "duration_s", "frames_sha256"])
    for video in sorted(Path("footage").glob("*.txt")):
        head, _, frames = video.read_text().partition("\n")
        rows.writerow([video.stem, video, head.split()[0], hashlib.sha256(frames.encode()).hexdigest()[:12]])
