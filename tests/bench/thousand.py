"""A generated project of any size: what a team has after some years, the parts of it in realistic shares.

Features come in domains of ten: three roots from SQL, four SQL features (one expansion, one aggregation,
two joins), three external features. A domain is one YAML file and seven bodies; macros and vars are
used throughout. Domains build on each other, so that the graph is eleven layers deep.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

PER_DOMAIN = 10

_PROJECT = """\
name: thousand
version: "1.0.0"
profile: thousand
dialect: duckdb
vars: {clip_s: 20, min_height_px: 480}
features:
  thousand:
    +tags: [generated]
"""

_PROFILE = """\
thousand:
  target: dev
  outputs:
    dev: {type: duckdb, path: target/thousand.duckdb, schema: main}
"""

_MACROS = """\
{% macro clip_count(duration_s) -%}
    CAST(floor({{ duration_s }} / {{ var('clip_s') }}) AS BIGINT)
{%- endmacro %}

{% macro cleaned(column) -%}
    NULLIF(TRIM(LOWER({{ column }})), '')
{%- endmacro %}

{% macro pixels(width_px, height_px) -%}
    {{ width_px }} * {{ height_px }}
{%- endmacro %}
"""

_YAML = """\
version: 1

sources:
  - name: raw_{d}
    schema: raw
    tables:
      - {{name: videos_{d}}}
      - {{name: speakers_{d}}}
      - {{name: notes_{d}}}

features:
  - name: d{d}/video
    description: Video files of domain {d} as they are delivered.
    id_columns: [video_id]
    fields:
      - name: audio
        code_version: "1"
        columns: [audio_etag_{d}]
      - name: frames
        columns: [frames_sha_{d}, width_px_{d}, height_px_{d}, pixels_{d}]
      - name: facts
        columns: [speaker_id, duration_{d}]
    columns:
      - name: video_id
        tests: [not_null]
      - name: duration_{d}
        description: Length in seconds.

  - name: d{d}/speaker
    description: The people on camera.
    id_columns: [speaker_id]
    fields:
      - {{name: language, columns: [language_{d}]}}
      - {{name: consent, columns: [consent_{d}, consent_at_{d}]}}

  - name: d{d}/note
    description: What editors wrote of the videos.
    id_columns: [video_id]
    fields:
      - {{name: verdict, columns: [verdict_{d}, stars_{d}]}}

  - name: d{d}/joined
    description: Videos with what is known of them, here and in the domain before.
    id_columns: [video_id]
    deps:
      - feature: d{d}/video
        columns: [width_px_{d}, height_px_{d}, duration_{d}, speaker_id]
      - feature: d{d}/note
        optional: true
{before}
    fields:
      - name: shape
        columns: [area_{d}, seconds_{d}]
        deps: [d{d}/video.frames, d{d}/video.facts]
      - name: opinion
        columns: [stars_{d}, mood_{d}]
        deps: [d{d}/note.verdict, d{d}/video.facts]
{beforefield}

  - name: d{d}/cut
    description: Videos cut into clips of equal length.
    id_columns: [video_id, clip_index]
    deps:
      - feature: d{d}/video
        lineage: {{expansion: {{on: [video_id]}}}}
    fields:
      - name: boundaries
        columns: [speaker_id, start_{d}, end_{d}]
        deps: [d{d}/video.facts]
      - name: audio
        columns: [etag_{d}]
        deps: [d{d}/video.audio, d{d}/video.facts]

  - name: d{d}/scored
    description: Clips with a score.
    id_columns: [video_id, clip_index]
    deps:
      - feature: d{d}/cut
        columns: [speaker_id, start_{d}, end_{d}]
      - feature: d{d}/video
        lineage: lookup
        where: "height_px_{d} >= {{{{ var('min_height_px') }}}}"
        columns: [pixels_{d}, height_px_{d}]
      - feature: d{d}/joined
        lineage: lookup
        columns: [stars_{d}]
    fields:
      - name: place
        columns: [speaker_id, start_{d}, end_{d}]
        deps: [d{d}/cut.boundaries]
      - name: score
        columns: [score_{d}]
        deps: [d{d}/video.frames, d{d}/joined.opinion]

  - name: d{d}/footage
    description: How much usable footage there is of each speaker.
    id_columns: [speaker_id]
    deps:
      - feature: d{d}/scored
        lineage: {{aggregation: {{on: [speaker_id]}}}}
    fields:
      - name: amount
        columns: [clips_{d}, seconds_{d}]
        deps: [d{d}/scored.place]
      - name: quality
        columns: [mean_{d}]
        deps: [d{d}/scored.place, d{d}/scored.score]

  - name: d{d}/face_crop
    description: Videos cropped around the face, by a program outside.
    id_columns: [video_id]
    deps:
      - feature: d{d}/video
        columns: [path_{d}, height_px_{d}, full_duration]
        rename: {{duration_{d}: full_duration}}
        where: "full_duration > 3"
    fields:
      - {{name: audio, code_version: "1"}}
      - {{name: frames, code_version: "2"}}
    columns:
      - name: crop_path_{d}
        type: text
        description: Where the crop lies.
        tests: [not_null]
      - {{name: frame_count_{d}, type: int}}
    stale_when: "frame_count_{d} IS NULL"
    orphans: keep
    cost_per_sample: {{amount: 0.004, unit: USD}}
    owner: media@example.com
    tags: [gpu]
    meta: {{team: vision}}

  - name: d{d}/transcript
    description: What is said, from a speech model.
    id_columns: [video_id]
    deps:
      - d{d}/face_crop
      - feature: d{d}/joined
        optional: true
        columns: [area_{d}, stars_{d}]
    fields:
      - name: text
        code_version: "3"
        deps: [d{d}/face_crop.audio]
      - name: words
        deps: [d{d}/face_crop.audio, d{d}/joined.shape]
    columns:
      - {{name: text_path_{d}, type: text}}
      - {{name: words_path_{d}, type: text}}
    tags: [gpu, language]

  - name: d{d}/voice
    description: A voice trained on the clips of a speaker.
    id_columns: [speaker_id]
    deps:
      - feature: d{d}/cut
        lineage: {{aggregation: {{on: [speaker_id]}}}}
        columns: {{seconds: sum(end_{d} - start_{d}), first_video: min(video_id)}}
        fields: {{voice: [audio]}}
      - feature: d{d}/speaker
        where: "consent_{d}"
        columns: [language_{d}]
        fields: none
    fields:
      - {{name: voice, code_version: "2024-05"}}
    columns:
      - {{name: model_path_{d}, type: text}}
      - {{name: loss_{d}, type: double}}
"""

_BODIES = {
    "video": """\
-- Deliveries come several times; the newest counts.
WITH delivered AS (
    SELECT
        raw.*,
        ROW_NUMBER() OVER (PARTITION BY raw.video_id ORDER BY raw.delivered_at DESC) AS nth
    FROM {{{{ source('raw_{d}', 'videos_{d}') }}}} AS raw
    WHERE raw.is_test = FALSE
)
SELECT
    delivered.video_id,
    delivered.speaker_id,
    delivered.path AS path_{d},
    CAST(delivered.duration_ms AS DOUBLE) / 1000 AS duration_{d},
    delivered.width_px AS width_px_{d},
    delivered.height_px AS height_px_{d},
    {{{{ pixels('delivered.width_px', 'delivered.height_px') }}}} AS pixels_{d},
    {{{{ cleaned('delivered.audio_etag') }}}} AS audio_etag_{d},
    delivered.frames_sha AS frames_sha_{d}
FROM delivered
WHERE delivered.nth = 1
    AND delivered.duration_ms > 0
""",
    "speaker": """\
WITH named AS (
    SELECT
        raw.speaker_id,
        {{{{ cleaned('raw.language') }}}} AS language,
        COALESCE(raw.consent, FALSE) AS consent,
        raw.consent_at
    FROM {{{{ source('raw_{d}', 'speakers_{d}') }}}} AS raw
    WHERE raw.speaker_id IS NOT NULL
        AND raw.left_at IS NULL
)
SELECT
    named.speaker_id,
    CASE named.language
        WHEN 'english' THEN 'en'
        WHEN 'german' THEN 'de'
        WHEN 'french' THEN 'fr'
        ELSE named.language
    END AS language_{d},
    named.consent AS consent_{d},
    named.consent_at AS consent_at_{d}
FROM named
""",
    "note": """\
WITH votes AS (
    SELECT
        raw.video_id,
        {{{{ cleaned('raw.verdict') }}}} AS verdict,
        raw.stars
    FROM {{{{ source('raw_{d}', 'notes_{d}') }}}} AS raw
    WHERE raw.stars BETWEEN 1 AND 5
), counted AS (
    SELECT
        votes.video_id,
        MAX(votes.verdict) AS verdict,
        AVG(votes.stars) AS stars
    FROM votes
    GROUP BY votes.video_id
)
SELECT
    counted.video_id,
    counted.verdict AS verdict_{d},
    counted.stars AS stars_{d}
FROM counted
""",
    "joined": """\
WITH shaped AS (
    SELECT
        video.video_id,
        {{{{ pixels('video.width_px_{d}', 'video.height_px_{d}') }}}} AS area,
        video.duration_{d} AS seconds
    FROM {{{{ ref('d{d}/video') }}}} AS video
    WHERE video.duration_{d} < 36000
)
SELECT
    shaped.video_id,
    shaped.area AS area_{d},
    shaped.seconds AS seconds_{d},
    COALESCE(note.stars_{d}, 3) AS stars_{d},
    CASE WHEN note.verdict_{d} = 'good' THEN 'happy' ELSE 'unknown' END AS mood_{d}{beforecolumn}
FROM shaped
LEFT JOIN {{{{ ref('d{d}/note') }}}} AS note ON note.video_id = shaped.video_id{beforejoin}
""",
    "cut": """\
SELECT
    video.video_id,
    piece.clip_index,
    video.speaker_id,
    piece.clip_index * {{{{ var('clip_s') }}}} AS start_{d},
    (piece.clip_index + 1) * {{{{ var('clip_s') }}}} AS end_{d},
    video.audio_etag_{d} AS etag_{d}
FROM {{{{ ref('d{d}/video') }}}} AS video
CROSS JOIN unnest(range({{{{ clip_count('video.duration_{d}') }}}})) AS piece(clip_index)
""",
    "scored": """\
WITH rated AS (
    SELECT
        joined.video_id,
        joined.stars_{d} AS stars
    FROM {{{{ ref('d{d}/joined') }}}} AS joined
)
SELECT
    cut.video_id,
    cut.clip_index,
    cut.speaker_id,
    cut.start_{d},
    cut.end_{d},
    COALESCE(rated.stars, 3) - CASE WHEN video.pixels_{d} < 1000000 THEN 1 ELSE 0 END AS score_{d}
FROM {{{{ ref('d{d}/cut') }}}} AS cut
JOIN {{{{ ref('d{d}/video') }}}} AS video ON video.video_id = cut.video_id
JOIN rated ON rated.video_id = cut.video_id
""",
    "footage": """\
WITH clip AS (
    SELECT
        scored.speaker_id,
        scored.end_{d} - scored.start_{d} AS seconds,
        scored.score_{d} AS score
    FROM {{{{ ref('d{d}/scored') }}}} AS scored
    WHERE scored.speaker_id IS NOT NULL
)
SELECT
    clip.speaker_id,
    COUNT(*) AS clips_{d},
    CAST(SUM(clip.seconds) AS BIGINT) AS seconds_{d},
    CAST(AVG(clip.score) AS DECIMAL(9, 3)) AS mean_{d}
FROM clip
GROUP BY clip.speaker_id
""",
}


def write_thousand(folder: Path, features: int = 1000) -> int:
    """Write a project of that many features, rounded up to whole domains; gives how many."""
    _write(folder / "dbt_project_style.yml", _PROJECT)
    _write(folder / "profiles.yml", _PROFILE)
    _write(folder / "macros" / "shared.sql", _MACROS)
    domains = -(-features // PER_DOMAIN)
    for number in range(domains):
        words = _words(number)
        _write(folder / "models" / f"d{words['d']}" / "features.yml", _tidy(_YAML.format(**words)))
        for name, body in _BODIES.items():
            _write(folder / "models" / f"d{words['d']}" / f"{name}.sql", body.format(**words))
    return domains * PER_DOMAIN


def _words(number: int) -> dict[str, str]:
    """What differs from domain to domain; each builds on the one of half its number."""
    d, before = f"{number:03}", f"{number // 2:03}"
    if number == 0:
        return {"d": d, "before": "", "beforefield": "", "beforecolumn": "", "beforejoin": ""}
    dep = f"- feature: d{before}/joined\n  optional: true\n  columns: [area_{before}]"
    field = f"- name: past\n  columns: [past_{d}]\n  deps: [d{before}/joined.shape, d{d}/video.facts]"
    return {
        "d": d,
        "before": textwrap.indent(dep, "      "),
        "beforefield": textwrap.indent(field, "      "),
        "beforecolumn": f",\n    past.area_{before} AS past_{d}",
        "beforejoin": f"\nLEFT JOIN {{{{ ref('d{before}/joined') }}}} AS past ON past.video_id = shaped.video_id",
    }


def _tidy(text: str) -> str:
    """Without the lines that stayed empty."""
    return text.replace("\n\n    fields", "\n    fields").replace("\n\n\n", "\n\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
