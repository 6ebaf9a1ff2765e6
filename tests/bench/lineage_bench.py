"""Lineage and code versions of a thousand SQL features, read from bodies of forty lines, three WITH parts, two joins.

    python -m tests.bench.lineage_bench [--features N] [--profile]

Shown are CPU seconds of `metasql parse` in a fresh process, and of what of it reads lineage and code versions: the
first time, and again when nothing changed.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PER_FILE = 50

_PROJECT = 'name: lineage\nversion: "1.0.0"\nprofile: lineage\ndialect: duckdb\n'
_PROFILE = "lineage:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: target/l.duckdb, schema: main}\n"
_ROOT = """\
  - name: f{n}
    id_columns: [video_id]
    fields: [{{name: quality, columns: [quality]}}, {{name: amount, columns: [amount]}}]
    columns: [{{name: video_id, type: text}}, {{name: quality, type: double}}, {{name: amount, type: bigint}}]
"""
_FEATURE = """\
  - name: f{n}
    id_columns: [video_id]
    fields: [{{name: quality, columns: [quality]}}, {{name: amount, columns: [amount]}}]
"""
_BODY = """\
WITH candidates AS (
    SELECT
        video_id,
        quality,
        amount,
        CASE
            WHEN quality > 0.9 THEN 'best'
            WHEN quality > 0.{n} THEN 'good'
            WHEN quality IS NULL THEN 'unknown'
            ELSE 'poor'
        END AS grade
    FROM {{{{ ref('f{first}') }}}}
    WHERE amount > {n}
      AND quality IS NOT NULL
),

weighed AS (
    SELECT
        other.video_id,
        other.quality * 2 AS weight,
        COALESCE(other.amount, 0) + 1 AS pieces,
        LOWER(TRIM(CAST(other.amount AS TEXT))) AS label
    FROM {{{{ ref('f{second}') }}}} AS other
    WHERE other.quality BETWEEN 0 AND 1
),

extra AS (
    SELECT
        third.video_id,
        third.amount AS more
    FROM {{{{ ref('f{third}') }}}} AS third
)

SELECT
    candidates.video_id,
    ROUND(candidates.quality * weighed.weight + LENGTH(candidates.grade), 3) AS quality,
    candidates.amount + weighed.pieces + COALESCE(extra.more, 0) + LENGTH(weighed.label) AS amount
FROM candidates
JOIN weighed ON weighed.video_id = candidates.video_id
LEFT JOIN extra ON extra.video_id = candidates.video_id
WHERE weighed.pieces > 0
"""
_TIMED = """\
import sys, time
from metasql.cli.main import main
from metasql.graph import link_code, link_fields
import metasql.graph.link as link
spent = [0.0]
def timed(function):
    def called(*given, **named):
        start = time.process_time()
        try:
            return function(*given, **named)
        finally:
            spent[0] += time.process_time() - start
    return called
link.link_fields, link.link_code = timed(link.link_fields), timed(link.link_code)
code = main(["parse", "-q", "--project-dir", sys.argv[1]])
print(code, time.process_time(), spent[0])
"""


def write_project(folder: Path, features: int) -> None:
    """A project whose features read three of those before them."""
    models = folder / "models"
    models.mkdir()
    (folder / "dbt_project_style.yml").write_text(_PROJECT, encoding="utf-8")
    (folder / "profiles.yml").write_text(_PROFILE, encoding="utf-8")
    written: dict[int, list[str]] = {}
    for n in range(features):
        text = (_ROOT if n < 3 else _FEATURE).format(n=n)
        written.setdefault(n // PER_FILE, []).append(text)
        if n >= 3:
            body = _BODY.format(n=n, first=n - 1, second=n - 2 - n % 2, third=n // 2)
            (models / f"f{n}.sql").write_text(body, encoding="utf-8")
    for number, texts in written.items():
        (models / f"part{number}.yml").write_text("version: 1\nfeatures:\n" + "".join(texts), encoding="utf-8")


def measured(folder: Path) -> tuple[float, float]:
    """CPU seconds of `metasql parse`, and of lineage and code versions alone, in a fresh process."""
    shutil.rmtree(folder / "target" / "stamps", ignore_errors=True)  # a project that did not change is not read at all
    done = subprocess.run([sys.executable, "-c", _TIMED, str(folder)], capture_output=True, text=True, check=True)
    code, whole, part = done.stdout.split()[-3:]
    assert code == "0", done.stderr
    return float(whole), float(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=1000)
    parser.add_argument("--profile", action="store_true", help="print where the time goes instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_project(folder, given.features)
        if given.profile:
            from metasql.cli.main import main as metasql

            watch = cProfile.Profile()
            watch.runcall(metasql, ["parse", "-q", "--project-dir", str(folder)])
            pstats.Stats(watch).sort_stats("cumulative").print_stats(45)
            return
        for what in ("cold", "locked", "again"):
            if what == "locked":
                subprocess.run([sys.executable, "-m", "metasql", "lock", "-q", "--project-dir", place], check=True)
            whole, part = measured(folder)
            told = f"parse {whole:.2f} s, of it lineage and code versions {part:.2f} s"
            print(f"{given.features:,} SQL features, {what}: {told}")


if __name__ == "__main__":
    main()
