"""A project with a dataset over a root and a SQL feature, and one over features of different keys."""

from __future__ import annotations

import json

from tests.scenarios.support import Place

FEATURES = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: videos}, {name: clips}]}]
features:
  - {name: video/full, id_columns: [video_id], fields: [{name: f, columns: [frames, path]}]}
  - {name: video/crop, id_columns: [video_id], fields: [{name: f, columns: [path]}]}
  - {name: clip/cut, id_columns: [video_id, n], fields: [{name: f, columns: [text]}]}
"""
DATASETS = """
version: 1
datasets:
  - name: train
    description: Videos for training.
    features: [video/full, video/crop]
    where: "frames > 1"
    columns: [video_id, frames, video/crop.path, {column: video/full.path, as: full_path}]
    splits: {train: 0.75, val: 0.25}
    tags: [ml]
  - {name: parts, features: [clip/cut], splits: {train: 0.75, val: 0.25}}
  - name: clips
    features: [video/full, clip/cut]
    where: "video__full.path <> 'none'"
    columns: [text, frames]
"""
VIDEOS = {"video_id": "text", "frames": "int", "path": "text"}
CLIPS = {"video_id": "text", "n": "int", "text": "text"}


def declared(folder, engine, datasets=DATASETS):
    """The project, never run."""
    place = Place(folder, engine)
    place.write("models/features.yml", FEATURES)
    place.write("models/datasets.yml", datasets)
    place.write("models/video/full.sql", "select video_id, frames, path from {{ source('raw', 'videos') }}")
    place.write("models/video/crop.sql", "select video_id, 'crop/' || path as path from {{ ref('video/full') }}")
    place.write("models/clip/cut.sql", "select video_id, n, text from {{ source('raw', 'clips') }}")
    return place


def fill(place, videos=range(20), frames=5):
    """Videos by number, all with so many frames, and two clips of each of the first three."""
    rows = [(f"v{i}", frames if i else 1, f"/{i}.mp4") for i in videos]
    place.fill("videos", VIDEOS, rows)
    place.fill("clips", CLIPS, [(f"v{i}", n, f"t{i}-{n}") for i in range(3) for n in (1, 2)])


def made(folder, engine):
    """The project, run once: of 20 videos one is left out."""
    place = declared(folder, engine)
    fill(place)
    place.run()
    return place


def splits(place, relation="train"):
    return dict(place.values(f"SELECT video_id, split FROM {relation}"))


def document(place, *command):
    """What a command says as JSON."""
    return json.loads(place.cli(*command, "--json").out)
