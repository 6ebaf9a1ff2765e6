"""Two projects on one warehouse: `media` in its schema, and `case`, which reads features of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.scenarios.support import Place
from tests.support.cli import Result, run_cli
from tests.support.engines import Engine

MANIFEST = "media/target/metasql.json"


class Projects(Place):
    """`case`, with `media` in a folder of its own."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        super().__init__(folder, engine)
        self.depend({"name": "media", "manifest": MANIFEST, "schema": "media"})
        target = {**engine.target(folder), "schema": "media"}
        profile = {"media": {"target": "dev", "outputs": {"dev": target}}}
        self.write("media/profiles.yml", json.dumps(profile))
        self.write("media/dbt_project_style.yml", f"{{name: media, profile: media, dialect: {engine.dialect}}}")
        self.write(
            "media/models/video.yml",
            """
            version: 1
            sources: [{name: raw, schema: raw, tables: [{name: video}]}]
            features:
              - name: video/full
                id_columns: [video_id]
                fields:
                  - {name: audio, columns: [audio_etag], code_version: "1"}
                  - {name: frames, columns: [frames_etag], code_version: "1"}
            """,
        )
        self.write(
            "media/models/video/full.sql", "select video_id, audio_etag, frames_etag from {{ source('raw', 'video') }}"
        )
        self.videos((1, "a1", "f1"), (2, "a2", "f2"))

    def depend(self, *entries: dict[str, Any], **more: Any) -> None:
        """Write the project file with these `dependencies`."""
        project = {"name": "case", "version": "1.0.0", "profile": "case", "dialect": self.engine.dialect}
        text = yaml.safe_dump({**project, "model-paths": ["models"], "dependencies": [*entries], **more})
        self.write("dbt_project_style.yml", text)

    def videos(self, *rows: tuple[int, str, str]) -> None:
        self.fill("video", {"video_id": "bigint", "audio_etag": "text", "frames_etag": "text"}, rows)

    def media(self, *command: str, code: int = 0) -> Result:
        """A command of the other project."""
        self.engine.ready(self.folder)
        result = run_cli(command[0], "--project-dir", str(self.folder / "media"), *command[1:])
        assert result.code == code, f"{result}\n{result.out}"
        return result


def projects(folder: Path, engine: Engine) -> Projects:
    """With a SQL feature, and one that is made outside, over a feature of `media`."""
    made = Projects(folder, engine)
    made.write(
        "models/features.yml",
        """
        version: 1
        features:
          - name: crop
            id_columns: [video_id]
            deps: ["media:video/full"]
            fields: [{name: sound, columns: [sound]}, {name: frames, columns: [frames_etag]}]
          - name: face
            id_columns: [video_id]
            deps: [{feature: "media:video/full", rename: {frames_etag: frames}}]
            fields: [{name: frames, code_version: "1"}]
            columns: [{name: path, type: text}]
        """,
    )
    made.write(
        "models/crop.sql", "select video_id, upper(audio_etag) as sound, frames_etag from {{ ref('media:video/full') }}"
    )
    return made
