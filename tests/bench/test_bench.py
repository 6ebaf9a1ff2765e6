"""The benchmarks over small sizes, so that they go on working: `pytest tests/bench`.

The figures of docs/performance.md come from the scripts, over large ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from metasql.cli.main import main
from metasql.pipeline import Options, load
from tests.bench import (
    api_bench,
    commands_bench,
    compile_bench,
    delta_bench,
    growth_bench,
    increment_bench,
    plan_bench,
    query_plans,
    rows_bench,
    run_bench,
    workers_bench,
)
from tests.bench.thousand import write_thousand
from tests.bench.versus import dbt, metaxy
from tests.bench.warehouse import SIMPLE, SPLIT, WIDE, Scenario

SAMPLES = 5_000
CELLS = {(command, phase) for command in compile_bench.COMMANDS for phase in compile_bench.PHASES}


@pytest.fixture(params=[SIMPLE, WIDE, SPLIT], ids=lambda scenario: scenario.name.split(":")[0])
def scenario(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def connection(scenario: Scenario) -> Iterator[duckdb.DuckDBPyConnection]:
    with increment_bench.prepared(scenario, SAMPLES, 1) as warehouse, warehouse.connect() as opened:
        yield opened


def test_increment(benchmark: Any, scenario: Scenario, connection: duckdb.DuckDBPyConnection) -> None:
    """Whole rows of the increment: a tenth of the samples, all of them stale."""
    query = increment_bench.queries(scenario)["whole rows"]
    benchmark(increment_bench.materialised, connection, query)
    found = connection.execute("SELECT metasql_status, count(*) FROM result GROUP BY ALL").fetchall()
    assert [status for status, _ in found] == ["stale"]


def test_floor(benchmark: Any, scenario: Scenario, connection: duckdb.DuckDBPyConnection) -> None:
    """The floor joins every sample of every table."""
    benchmark(increment_bench.materialised, connection, increment_bench.floor(scenario))
    assert connection.execute("SELECT * FROM result").fetchall()[0][0] == SAMPLES


def test_every_query_is_measured(scenario: Scenario) -> None:
    """The script measures each query of a scenario, with either type of id."""
    for ids in ("text", "bigint"):
        found = increment_bench.increment(scenario, 1_000, 1, 1, ids)
        assert found.keys() == increment_bench.queries(scenario).keys()


@pytest.mark.parametrize("command", compile_bench.COMMANDS)
def test_compile(benchmark: Any, tmp_path: Path, command: str) -> None:
    """The generated project has no errors and no warnings, and compiles."""
    write_thousand(tmp_path, 30)
    assert load(Options(tmp_path)).diagnostics == ()
    code = benchmark(main, [command, "--project-dir", str(tmp_path), "-q"])
    assert code == 0


def test_compile_in_a_fresh_process(tmp_path: Path) -> None:
    """The script measures both commands in each phase."""
    write_thousand(tmp_path, 20)
    found = compile_bench.measured(tmp_path, 1)
    assert found.keys() == {
        f"{command}, {phase}"
        for command in compile_bench.COMMANDS
        for phase in (*compile_bench.PHASES, compile_bench.OF_YAML)
    }
    assert all(seconds > 0 for seconds in found.values())


def test_commands(tmp_path: Path) -> None:
    """Asking for help, listing the example, and the status of settled features."""
    found = commands_bench.measured(tmp_path, 20, 1)
    assert len(found) == 4
    assert all(seconds > 0 for seconds in found.values())


@pytest.mark.parametrize("case", growth_bench.CASES)
@pytest.mark.parametrize("kind", growth_bench.ENGINES)
def test_growth(case: str, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both sizes of a case, each of which checks what its increments list."""
    found = growth_bench.measured(case, kind, 0.001)
    growth_bench.show(found)
    assert "→" in capsys.readouterr().out


@pytest.mark.parametrize("scenario", [SIMPLE, WIDE], ids=["simple", "wide"])
def test_versus_metaxy(scenario: Scenario) -> None:
    """The increments of both agree, which the script itself checks."""
    found = metaxy.compare(scenario, 1_000, 1, 1)
    assert list(found) == ["all new", "a tenth stale"]
    assert all(set(ways) == set(metaxy.WAYS) for ways in found.values())


def test_versus_dbt() -> None:
    """dbt reads and compiles the same project."""
    found = dbt.compare(20, 1)
    assert found.keys() == CELLS


def test_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A profile names functions of metasql's own."""
    write_thousand(tmp_path, 20)
    compile_bench.profile("compile", tmp_path)
    assert "metasql/lower/render.py" in capsys.readouterr().out


@pytest.mark.parametrize("work", [run_bench.run, run_bench.commit])
def test_writing(work: Any) -> None:
    """After each round nothing is left to do, which the script itself checks."""
    found = work(SAMPLES, 1, 2)
    assert run_bench.BARE in found


@pytest.mark.parametrize("kind", ["duckdb", "server"])
def test_rows(kind: str) -> None:
    """The same at two sizes, less memory than a person has."""
    found = rows_bench.measured(10 * SAMPLES, 1, 1, kind)
    assert found.keys() == {"nothing changed", "one in 1,000 changed", "one in 100 written", "one in 10 changed"}


@pytest.mark.parametrize("kind", delta_bench.ENGINES)
def test_delta(kind: str) -> None:
    """What is left is verified by the script itself."""
    found = delta_bench.measured(SIMPLE, SAMPLES, 1, kind)
    assert list(found) == ["nothing changed", "one in 1,000 changed", "one in 10 changed"]


def test_plans_of_queries(tmp_path: Path) -> None:
    """Each names the tables that it reads."""
    for name, plans in (("duckdb", query_plans.on_duckdb), ("chdb", query_plans.on_clickhouse)):
        told = list(plans(tmp_path / name, SAMPLES))
        assert len(told) == 4
        assert all("sample__root_0__samples" in plan for plan in told)


def test_plans() -> None:
    """A chain of forty features is planned, settled and with everything to do."""
    found = plan_bench.plans(200, 40, 1)
    assert list(found) == [plan_bench.FLOOR, "metasql plan, nothing to do", "metasql plan, everything to do"]


@pytest.mark.parametrize("kind", ["duckdb", "server"])
def test_workers(kind: str) -> None:
    """Nothing is lost and nothing is there twice, which the script itself checks."""
    assert "workers" in workers_bench.measured(kind, 1_000, 3, 100)


@pytest.mark.parametrize("kind", ["duckdb", "chdb"])
def test_the_python_api(kind: str) -> None:
    """Everything that is handed out is committed, which the script itself checks."""
    assert "metasql commit, all rows at once" in api_bench.compare(kind, SAMPLES, 1)
