"""Programs that read dbt's artifacts, and a project for them to read."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.environment import ROOT, checkout_files
from tests.support.cli import run_cli

HERE = Path(__file__).parent
OF_THE_PROJECT = ("dbt_project_style.yml", "profiles.yml", "metasql.lock", "models/", "macros/", "seeds/")


@dataclass(frozen=True)
class Readers:
    """The folder of tests/support/install_artifacts.sh."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "venv/bin/python"

    @property
    def docs(self) -> Path:
        """The page of dbt's documentation."""
        (page,) = self.folder.glob("venv/lib/python*/site-packages/dbt/task/docs/index.html")
        return page

    def read(self, *command: str | Path) -> Any:
        """What a program of this folder prints, as JSON."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), "NODE_PATH": self.modules}
        done = subprocess.run(
            [str(word) for word in command], cwd=HERE, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout.splitlines()[-1])

    @property
    def modules(self) -> str:
        return str(self.folder / "node_modules")


@pytest.fixture(scope="session")
def readers(request: pytest.FixtureRequest) -> Readers:
    """Who reads; without them these tests fail, as they are asked for by name."""
    folder = Path(request.config.getoption("--artifacts")).expanduser()
    assert (folder / "done").is_file(), f"{folder}: run tests/support/install_artifacts.sh first"
    return Readers(folder)


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The target folder of the example project after a build."""
    project = tmp_path_factory.mktemp("project")
    for name in checkout_files():
        if name.startswith((*OF_THE_PROJECT, "tests/assertions/")):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, project / name)
    for command in (["build"], ["docs", "generate"]):
        result = run_cli(*command, "--project-dir", str(project))
        assert result.code == 0, str(result)
    return project / "target"


@pytest.fixture(scope="session")
def graph(target: Path) -> dict[str, set[str]]:
    """What each feature and seed is made of, as metasql's own manifest says it, by the names of relations."""
    own = json.loads((target / "metasql.json").read_text(encoding="utf-8"))
    found = {item["relation"]: {_relation(dep["feature"]) for dep in item["deps"]} for item in own["features"].values()}
    return {**found, **{seed["name"]: set() for seed in own["seeds"]}}


def _relation(key: str) -> str:
    return key.replace("/", "__")
