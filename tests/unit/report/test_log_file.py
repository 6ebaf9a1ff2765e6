from __future__ import annotations

import json

from metasql.events import Note
from metasql.report import console
from metasql.report.console import LogFile


def test_a_long_log_is_put_aside(tmp_path, monkeypatch):
    """A new one begins, and one old one is kept."""
    monkeypatch.setattr(console, "LONGEST_LOG", 10)
    for number in range(3):
        log = LogFile(tmp_path)
        log(Note(f"command {number}"))
        log.close()
    folder = tmp_path / "logs"
    assert sorted(path.name for path in folder.iterdir()) == ["metasql.1.log", "metasql.log"]
    texts = [json.loads((folder / name).read_text())["text"] for name in ("metasql.1.log", "metasql.log")]
    assert texts == ["command 1", "command 2"]
