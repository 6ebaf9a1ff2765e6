"""Runs every section of `tests/spec/*.md`; `document.py` says how they are written.

`pytest tests/spec --update` writes what came into the blocks that show output.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from metasql.cli.main import main
from tests.spec.document import Expected, Spec, specs, update

HERE = Path(__file__).parent
SPECS = [(path, spec) for path in sorted(HERE.glob("*.md")) for spec in specs(path.read_text(encoding="utf-8"))]

DEFAULTS = {
    "dbt_project_style.yml": "name: spec\nversion: '1.0.0'\nprofile: spec\ndialect: duckdb\n",
    "profiles.yml": (
        "spec:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: target/spec.duckdb, schema: main}\n"
    ),
}

_DIAGNOSTIC = re.compile(r"^(?:error|warning)\[MS\d{4}\]: .*(?:\n.+)*", re.MULTILINE)
_HEAD = re.compile(r"(error|warning)\[(MS\d{4})\]: .*(?:\n *--> (.+?):(\d+):\d+$)?", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def diagnostics(self) -> list[str]:
        return _DIAGNOSTIC.findall(self.stderr)

    def reported(self) -> list[Expected]:
        """The diagnostics that have a place."""
        heads = [_HEAD.match(text) for text in self.diagnostics]
        return sorted(Expected(head[3], int(head[4]), head[2], head[1]) for head in heads if head and head[3])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command of a spec in a project of its own."""
    for name in ("METASQL_TARGET", "METASQL_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def run(spec: Spec) -> Outcome:
        project = tmp_path / "project"
        for name, text in {**DEFAULTS, **spec.files}.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        code = main([*_command(spec), "--project-dir", str(project)])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run


def _command(spec: Spec) -> list[str]:
    if spec.console is not None:
        return shlex.split(spec.console.split("\n")[0].removeprefix("$ metasql "))
    return ["compile" if spec.compiled else "parse"]


@pytest.mark.parametrize(("path", "spec"), SPECS, ids=[f"{path.stem}: {spec.title}" for path, spec in SPECS])
def test_spec(path: Path, spec: Spec, run: Callable[[Spec], Outcome], tmp_path: Path, request: pytest.FixtureRequest):
    """The section's text says what must hold."""
    outcome = run(spec)
    assert "Traceback" not in outcome.stderr
    if spec.diagnostics is None:
        unplaced = [text for text in outcome.diagnostics if "\n" not in text or "-->" not in text]
        assert (outcome.reported(), unplaced) == (spec.expected(), []), outcome.stderr
    elif spec.expected():
        assert outcome.reported() == spec.expected(), outcome.stderr
    failed = any(text.startswith("error") for text in outcome.diagnostics)
    assert outcome.code == (1 if failed else 0), f"exit code {outcome.code}\n{outcome.stderr}"
    renew = path if request.config.getoption("--update") else None
    for info, (old, new) in _shown(spec, outcome, tmp_path / "project").items():
        if renew is not None and old != new:
            update(renew, spec.title, info, new)
        elif old != new:
            assert new == old


def _shown(spec: Spec, outcome: Outcome, project: Path) -> dict[str, tuple[str, str]]:
    """By block: what the section shows, and what came."""
    pairs: dict[str, tuple[str, str]] = {}
    if spec.diagnostics is not None:
        pairs["text diagnostics"] = (spec.diagnostics, "\n\n".join(outcome.diagnostics) + "\n")
    if spec.console is not None:
        command, _, shown = spec.console.partition("\n")
        if shown:
            pairs["console"] = (spec.console, f"{command}\n{outcome.stdout}")
    for relation, shown in spec.compiled.items():
        pairs[f"sql compiled:{relation}"] = (shown, _compiled(project, relation))
    return pairs


def _compiled(project: Path, relation: str) -> str:
    found = sorted((project / "target/compiled").rglob(f"{relation}.sql"))
    assert len(found) == 1, f"{relation}.sql was written {len(found)} times"
    return found[0].read_text(encoding="utf-8").rstrip("\n") + "\n"
