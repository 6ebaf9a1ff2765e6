"""The starter project, and commands in it: what the tests of the command line share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.support.cli import Result, run_cli

FEATURES = ["video/face_crop", "video/full", "video/shape"]


@dataclass(frozen=True)
class Starter:
    """A copy of the starter project, called `demo`."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "target/demo.duckdb"

    def run(self, command: str, *arguments: str) -> Result:
        return run_cli(command, *arguments, "--project-dir", str(self.folder))

    def must(self, command: str, *arguments: str) -> str:
        """What a command that has to go well puts out."""
        result = self.run(command, *arguments)
        assert result.code == 0, str(result)
        return result.out

    def rows(self, command: str, *arguments: str) -> list[dict[str, Any]]:
        """JSON lines."""
        return [json.loads(line) for line in self.must(command, *arguments).splitlines()]

    def status(self, *arguments: str) -> Mapping[str, Mapping[str, Any]]:
        """The status of each feature."""
        document = json.loads(self.must("status", "--json", *arguments))
        return {item["feature"]: item for item in document["features"]}

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """A statement past metasql."""
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(statement).fetchall()

    def commit_crops(self) -> None:
        """Do the work of the program outside."""
        done = self.folder / "done.json"
        rows = self.rows("increment", "video/face_crop", "--format", "json")
        results = [
            {"video_id": row["video_id"], "path": "x", "frame_count": 9, "metasql_receipt": row["metasql_receipt"]}
            for row in rows
        ]
        done.write_text("\n".join(json.dumps(result) for result in results))
        self.must("commit", "video/face_crop", str(done))
