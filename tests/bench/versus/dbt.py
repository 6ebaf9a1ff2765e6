"""dbt-core with dbt-duckdb and metasql: parse and compile of 1,000 models, CPU seconds of a whole process.

    python -m tests.bench.versus.dbt [--features N] [--times N]

The project is that of tests/bench/thousand.py. dbt gets the same folders, YAML files, macros, vars and bodies:
external features, which have no SQL in metasql, become `SELECT *` of their first parent there, and what dbt
has no word for (fields, lineages, units) is left out. metasql does more: it reads the lineage of every field
out of the SQL, and writes five views for each feature where dbt writes one file for each model.

cold: no target folder. again: nothing changed since. one body: the meaning of one changed.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import yaml

from tests.bench.compile_bench import COMMANDS, phases
from tests.bench.measure import cold, cpu
from tests.bench.thousand import write_thousand
from tests.bench.versus.environment import environment, versions

# dbt-core 1.12 needs a parser that is downloaded from outside of PyPI while it is installed.
REQUIREMENTS = ("dbt-core>=1.11,<1.12", "dbt-duckdb>=1.10,<2")


def write_dbt(ours: Path, folder: Path) -> int:
    """The same project for dbt; gives the number of models."""
    folder.mkdir(parents=True, exist_ok=True)
    project = {
        "name": "thousand",
        "version": "1.0.0",
        "profile": "thousand",
        "config-version": 2,
        "vars": {"clip_s": 20, "min_height_px": 480},
        "models": {"thousand": {"+tags": ["generated"]}},
        "flags": {"send_anonymous_usage_stats": False, "use_colors": False},
    }
    _dump(folder / "dbt_project.yml", project)
    output = {"type": "duckdb", "path": "thousand.duckdb", "schema": "main", "threads": 1}
    _dump(folder / "profiles.yml", {"thousand": {"target": "dev", "outputs": {"dev": output}}})
    shutil.copytree(ours / "macros", folder / "macros")
    return sum(_domain(path, folder / "models" / path.name) for path in sorted((ours / "models").iterdir()))


def _domain(ours: Path, folder: Path) -> int:
    """One domain: its bodies with names as dbt wants them, and its YAML."""
    document = yaml.safe_load((ours / "features.yml").read_text(encoding="utf-8"))
    folder.mkdir(parents=True)
    models = []
    for feature in document["features"]:
        name = feature["name"]
        body = ours / f"{name.partition('/')[2]}.sql"
        text = body.read_text(encoding="utf-8") if body.is_file() else _external(feature)
        (folder / f"{_model(name)}.sql").write_text(_refs(text), encoding="utf-8")
        columns = [{"name": item["name"]} | _tests(item) for item in feature.get("columns", [])]
        models.append({"name": _model(name), "description": feature.get("description", ""), "columns": columns})
    _dump(folder / "models.yml", {"version": 2, "sources": document["sources"], "models": models})
    return len(models)


def _external(feature: dict) -> str:
    first = feature["deps"][0]
    key = first if isinstance(first, str) else first["feature"]
    return f"SELECT * FROM {{{{ ref('{key}') }}}}\n"


def _refs(text: str) -> str:
    """`ref('d001/video')` as `ref('d001__video')`."""
    parts = text.split("ref('")
    return "ref('".join([parts[0], *(part.replace("/", "__", 1) for part in parts[1:])])


def _model(key: str) -> str:
    return key.replace("/", "__")


def _tests(column: dict) -> dict:
    return {"description": column.get("description", "")} | ({"tests": column["tests"]} if "tests" in column else {})


def _dump(path: Path, document: object) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def dbt(command: str, folder: Path) -> float:
    """CPU seconds of a dbt command in a fresh process."""
    program = environment("dbt", REQUIREMENTS) / "dbt"
    before = cpu(resource.RUSAGE_CHILDREN)
    arguments = ["--quiet", command, "--project-dir", str(folder), "--profiles-dir", str(folder)]
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        raise RuntimeError(f"dbt {command}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return cpu(resource.RUSAGE_CHILDREN) - before


def metasql(command: str, folder: Path) -> float:
    return cold([command, "-q", "--project-dir", str(folder)])


def compare(features: int, times: int) -> dict[tuple[str, str], dict[str, float]]:
    """The median CPU seconds of both by command and phase."""
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        ours, theirs = Path(name, "metasql"), Path(name, "dbt")
        made = write_thousand(ours, features)
        models = write_dbt(ours, theirs)
        assert models == made, f"{models} models of {made} features"
        for command in COMMANDS:
            for _ in range(times):
                tools = {
                    "dbt": phases(lambda c=command: dbt(c, theirs), theirs, theirs / "models/d001/d001__scored.sql"),
                    "metasql": phases(lambda c=command: metasql(c, ours), ours, ours / "models/d001/scored.sql"),
                }
                for tool, seconds in tools.items():
                    for phase, second in seconds.items():
                        found.setdefault((command, phase), {}).setdefault(tool, []).append(second)
    return {cell: {tool: statistics.median(all_) for tool, all_ in tools.items()} for cell, tools in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3, help="the median of so many is shown")
    given = parser.parse_args()
    print(versions(environment("dbt", REQUIREMENTS), ["dbt-core", "dbt-duckdb", "duckdb"]))
    for (command, phase), found in compare(given.features, given.times).items():
        ratio = found["dbt"] / found["metasql"]
        print(
            f"  {command:<8} {phase:<9} dbt {found['dbt']:7.2f} s   metasql {found['metasql']:6.2f} s   {ratio:5.1f} ×"
        )


if __name__ == "__main__":
    main()
