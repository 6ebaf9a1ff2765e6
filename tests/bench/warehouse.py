"""A project and a DuckDB file of many samples, made through the command line as a user would.

Roots come from SQL over a table each; the leaf is external, or computed in SQL. After `settle`
every sample is settled, and `change` changes a tenth of the parents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from metasql.cli.main import main
from tests.bench.measure import cpu

LEAF = "sample/leaf"
TENTH = "hash(sample_id) % 10 = 0"


@dataclass(frozen=True)
class Scenario:
    """`parents`: the fields of each root. `leaf`: each field and what it is made of; None is all of them."""

    name: str
    parents: tuple[tuple[str, ...], ...]
    leaf: dict[str, list[str] | None]

    def root(self, number: int) -> str:
        return f"sample/root_{number}"


SIMPLE = Scenario("simple: one parent with two fields, leaf of one", (("audio", "frames"),), {"crop": None})
WIDE = Scenario(
    "wide: two parents with four fields each, leaf of two",
    (("a", "b", "c", "d"), ("e", "f", "g", "h")),
    {"first": None, "second": None},
)
SPLIT = Scenario(
    "split: the same, each field of the leaf made of four others",
    (("a", "b", "c", "d"), ("e", "f", "g", "h")),
    {
        "first": ["sample/root_0.a", "sample/root_0.b", "sample/root_1.e", "sample/root_1.f"],
        "second": ["sample/root_0.c", "sample/root_0.d", "sample/root_1.g", "sample/root_1.h"],
    },
)


Ask = Callable[[str], object]
"""Run a query; its rows go nowhere."""

IDS = {"text": "'s' || lpad(i::text, 9, '0')", "bigint": "i"}
"""How a sample is named: joining texts costs several times what joining numbers does."""


class Warehouse:
    """The project of one scenario, and its DuckDB file. `kind` of the leaf: external or sql."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        samples: int,
        *,
        kind: str = "external",
        threads: int = 1,
        ids: str = "text",
    ) -> None:
        self.folder = folder
        self.scenario = scenario
        self.samples = samples
        self.kind = kind
        self.threads = threads
        self.ids = ids
        self.path = folder / "bench.duckdb"
        self._round = 0
        self._write()

    def settle(self) -> None:
        """Fill the sources, run, and bring every sample of the leaf up to date."""
        self.fill()
        self.metasql("run", "-q")
        if self.kind == "external":
            self.hand_out()
            self.make_batch()
            self.commit()

    def fill(self) -> None:
        """Make the sources' tables."""
        with self.connect() as connection:
            connection.execute("CREATE SCHEMA raw")
            for number, fields in enumerate(self.scenario.parents):
                contents = ", ".join(f"md5('{field}' || i) AS {field}_etag" for field in fields)
                connection.execute(
                    f"CREATE TABLE raw.table_{number} AS SELECT {IDS[self.ids]} AS sample_id, "
                    f"'s3://bucket/' || i || '.mp4' AS path_{number}, i % 3600 AS duration_{number}, {contents} "
                    f"FROM range({self.samples}) AS r(i)"
                )

    def change(self, one_in: int = 10) -> None:
        """Change one field of a tenth of each root's samples, or of one in so many, and bring the roots up to date."""
        self._round += 1
        self.touch(one_in)
        self.metasql("run", "-q", "--exclude", LEAF)

    def touch(self, one_in: int = 10) -> None:
        """Change the sources' tables."""
        with self.connect() as connection:
            for number, fields in enumerate(self.scenario.parents):
                column = f"{fields[0]}_etag"
                connection.execute(
                    f"UPDATE raw.table_{number} SET {column} = md5({column} || '{self._round}') "
                    f"WHERE hash(sample_id) % {one_in} = 0"
                )

    def hand_out(self) -> None:
        """Write the increment to a file."""
        self.metasql("increment", LEAF, "--format", "parquet", "-o", str(self.folder / "increment.parquet"), "-q")

    def make_batch(self) -> None:
        """What an outside program would make of the increment."""
        duckdb.sql(
            f"COPY (SELECT sample_id, 's3://crops/{self._round}/' || sample_id AS path, {self._round} AS frame_count, "
            f"metasql_receipt FROM '{self.folder / 'increment.parquet'}') TO '{self.batch}'"
        )

    @property
    def batch(self) -> Path:
        return self.folder / "batch.parquet"

    def commit(self) -> None:
        self.metasql("commit", LEAF, str(self.batch), "--format", "parquet", "-q")

    def metasql(self, *arguments: str) -> None:
        """A command in this process; what does not succeed stops the benchmark."""
        code = main([*arguments, "--project-dir", str(self.folder)])
        if code != 0:
            raise RuntimeError(f"metasql {' '.join(arguments)}: exit code {code}")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """The file as any DuckDB client sees it."""
        connection = duckdb.connect(str(self.path))
        connection.execute(f"SET threads = {self.threads}")
        return connection

    @contextmanager
    def asking(self, gigabytes: int | None = None) -> Iterator[Ask]:
        """Queries as any client asks them; none may use more memory than is given."""
        with self.connect() as connection:
            if gigabytes is not None:
                connection.execute(f"SET memory_limit = '{gigabytes}GB'")
            yield lambda query: connection.execute(f"CREATE OR REPLACE TEMP TABLE result AS {query}")

    def used(self) -> float:
        """CPU seconds so far of this process, and of the engine."""
        return cpu()

    def close(self) -> None:
        """Nothing runs on."""

    def copy_leaf(self) -> None:
        """The table that bare statements write to, `bare`, and the samples that they write, `todo`."""
        with self.connect() as connection:
            connection.execute("CREATE OR REPLACE TABLE bare AS SELECT * FROM sample__leaf__samples")
            connection.execute(
                "CREATE OR REPLACE TABLE todo AS "
                "SELECT sample_id, metasql_provenance__crop FROM sample__leaf__increment"
            )

    def write_bare(self, rows: str) -> None:
        """Replace samples in the copy of the leaf's table by the rows of a query with the same columns."""
        with self.connect() as connection:
            connection.execute("BEGIN")
            connection.execute(f"CREATE OR REPLACE TEMP TABLE written AS {rows}")
            connection.execute("DELETE FROM bare USING written WHERE bare.sample_id = written.sample_id")
            connection.execute("INSERT INTO bare BY NAME SELECT * FROM written")
            connection.execute("COMMIT")

    def target(self) -> dict[str, object]:
        return {"type": "duckdb", "path": "bench.duckdb", "schema": "main", "settings": {"threads": self.threads}}

    def _write(self) -> None:
        models = self.folder / "models" / "sample"
        models.mkdir(parents=True)
        _dump(self.folder / "dbt_project_style.yml", {"name": "bench", "version": "1.0.0", "profile": "bench"})
        _dump(self.folder / "profiles.yml", {"bench": {"target": "dev", "outputs": {"dev": self.target()}}})
        tables = [{"name": f"table_{number}"} for number in range(len(self.scenario.parents))]
        roots = [self._root(number, fields) for number, fields in enumerate(self.scenario.parents)]
        document = {
            "version": 1,
            "sources": [{"name": "raw", "schema": "raw", "tables": tables}],
            "features": [*roots, self._leaf()],
        }
        _dump(models / "features.yml", document)
        for number, fields in enumerate(self.scenario.parents):
            columns = ", ".join(["sample_id", f"path_{number}", f"duration_{number}", *(f"{f}_etag" for f in fields)])
            body = f"SELECT {columns} FROM {{{{ source('raw', 'table_{number}') }}}}\n"
            (models / f"root_{number}.sql").write_text(body, encoding="utf-8")
        if self.kind == "sql":
            (models / "leaf.sql").write_text(self._body(), encoding="utf-8")

    def _root(self, number: int, fields: tuple[str, ...]) -> dict[str, object]:
        declared = [{"name": field, "columns": [f"{field}_etag"]} for field in fields]
        return {"name": self.scenario.root(number), "id_columns": ["sample_id"], "fields": declared}

    def _leaf(self) -> dict[str, object]:
        fields = [{"name": name} | ({"deps": deps} if deps else {}) for name, deps in self.scenario.leaf.items()]
        deps = [
            {"feature": self.scenario.root(number), "columns": [f"path_{number}", f"duration_{number}"]}
            for number in range(len(self.scenario.parents))
        ]
        leaf: dict[str, object] = {"name": LEAF, "id_columns": ["sample_id"], "deps": deps, "fields": fields}
        if self.kind == "external":
            leaf["columns"] = [{"name": "path", "type": "text"}, {"name": "frame_count", "type": "bigint"}]
        return leaf

    def _body(self) -> str:
        """The leaf in SQL: plain columns of its parents, joined."""
        fields = [
            f"root_{number}.{field}_etag" for number, fields in enumerate(self.scenario.parents) for field in fields
        ]
        joins = "".join(
            f"\nJOIN {{{{ ref('{self.scenario.root(number)}') }}}} AS root_{number} USING (sample_id)"
            for number in range(1, len(self.scenario.parents))
        )
        columns = ", ".join(["sample_id", "root_0.path_0 AS path", "root_0.duration_0 * 25 AS frame_count", *fields])
        return f"SELECT {columns}\nFROM {{{{ ref('{self.scenario.root(0)}') }}}} AS root_0{joins}\n"


def _dump(path: Path, document: object) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
