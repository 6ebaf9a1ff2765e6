from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.packaging.environment import Environment, checkout_files

EXAMPLE = ("dbt_project_style.yml", "profiles.yml", "models/", "macros/", "seeds/", "tests/assertions/")
"""What of the checkout is the example project."""


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the checkout with the build backend that the tests' extra brings."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder)]
    done = subprocess.run([*build, str(checkout)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("metasql-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel in it."""
    environment.must(f"python -m pip install --quiet --no-deps --no-index '{wheel}'", tmp_path_factory.mktemp("pip"))
    return environment


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    """Every file of the package, `py.typed` and the starter project among them, and the licence."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")}
    package = {name for name in checkout_files() if name.startswith("metasql/")}
    assert {"metasql/py.typed", "metasql/starter/dbt_project_style.yml"} <= package
    extra = {name for name in names if ".dist-info/" not in name}
    assert extra == package
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_installed_package_is_the_one_that_runs(installed, tmp_path):
    """Not the checkout's, by some path."""
    place = installed.must("python -c 'import metasql; print(metasql.__file__)'", tmp_path).strip()
    assert Path(place).is_relative_to(installed.folder)


def test_help(installed, tmp_path):
    """The console script and the module are one program."""
    shown = installed.must("metasql --help", tmp_path)
    assert "increment" in shown
    assert installed.must("python -m metasql --help", tmp_path).splitlines()[1:] == shown.splitlines()[1:]


def test_the_starter_project_works(installed, tmp_path):
    """Made in an empty folder and built, from the installed files alone."""
    installed.must("metasql init demo && cd demo && metasql build && metasql status", tmp_path)
    assert (tmp_path / "demo/target/metasql.json").is_file()


def test_the_example_works(installed, checkout, tmp_path):
    """The project at the root, in a folder with nothing else."""
    for name in checkout_files():
        if name.startswith(EXAMPLE):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((checkout / name).read_bytes())
    installed.must("metasql build && metasql status", tmp_path)
