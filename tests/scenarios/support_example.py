"""A small project with every kind of feature and lineage, for scenarios that look at a whole run."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.support import Place
from tests.support.engines import Engine

MODELS = """
version: 1
sources: [{name: raw, schema: raw, tables: [{name: video}, {name: rating}]}]
features:
  - name: video
    id_columns: [video_id]
    fields: [{name: audio, columns: [audio]}, {name: frames, columns: [frames, seconds]}]
  - name: rating
    id_columns: [video_id]
    fields: [{name: stars, columns: [stars]}]
  - name: crop
    id_columns: [video_id]
    deps: [{feature: video, where: "seconds > 0", columns: [seconds]}]
    fields: [{name: audio}, {name: frames, code_version: "2"}]
    columns: [{name: path, type: text}]
    stale_when: path = 'bad'
  - name: clip
    id_columns: [video_id, n]
    deps: [{feature: video, lineage: {expansion: {on: [video_id]}}}]
    fields: [{name: frames, deps: [video.frames]}]
  - name: rated
    id_columns: [video_id, n]
    deps: [clip, {feature: rating, lineage: lookup, optional: true}]
    fields: [{name: score, deps: [clip.frames, rating.stars]}]
  - name: total
    id_columns: [video_id]
    deps: [{feature: rated, lineage: {aggregation: {on: [video_id]}}, columns: {}}]
    fields: [{name: sum, deps: [rated.score]}]
  - name: job
    id_columns: [video_id, k]
    deps: [{feature: crop, lineage: {expansion: {on: [video_id]}}, columns: [path]}]
    fields: [{name: out, deps: [crop.frames]}]
    columns: [{name: k, type: int}, {name: result, type: text}]
"""
BODIES = {
    "video": "select video_id, audio, frames, seconds from {{ source('raw', 'video') }}",
    "rating": "select video_id, stars from {{ source('raw', 'rating') }}",
    "clip": "select video_id, unnest(range(seconds // 10)) as n, frames from {{ ref('video') }}",
    "rated": (
        "select c.video_id, c.n, coalesce(r.stars, 3) + c.n as score from {{ ref('clip') }} as c "
        "left join {{ ref('rating') }} as r on r.video_id = c.video_id"
    ),
    "total": "select video_id, sum(score) as score, count(*) as clips from {{ ref('rated') }} group by video_id",
}
VIDEO = {"video_id": "int", "audio": "text", "frames": "text", "seconds": "int"}
RATING = {"video_id": "int", "stars": "int"}
FIRST = (
    [(number, f"a{number}", f"f{number}", number * 7) for number in range(12)],
    [(number, number % 5) for number in range(0, 12, 2)],
)
SECOND = (
    [(number, f"a{number}", f"f{number // 5}", number * 7) for number in range(2, 14)],
    [(number, number % 4) for number in range(0, 14, 3)],
)


def example(folder: Path, engine: Engine) -> Place:
    """The project, never run."""
    place = Place(folder, engine)
    place.write("models/features.yml", MODELS)
    for key, body in BODIES.items():
        place.write(f"models/{key}.sql", body + "\n")
    return place


def load(place: Place, data: tuple[list[tuple[object, ...]], list[tuple[object, ...]]]) -> None:
    place.fill("video", VIDEO, data[0])
    place.fill("rating", RATING, data[1])
