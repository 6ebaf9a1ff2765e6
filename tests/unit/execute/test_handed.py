"""Through which view an increment is handed out."""

from __future__ import annotations

from pathlib import Path

from sqlglot import exp

import metasql
from metasql.execute.handed import handed_out
from metasql.plan.handout import Wanted

FEATURES = """
version: 1
features:
  - {name: video, id_columns: [id]}
  - name: crop
    id_columns: [id]
    deps: [video]
    columns: [{name: path, type: text}]
"""
ROOT = "select i as id, {size} as size from (select unnest(range(10)) as i) as numbers\n"


def project(folder: Path, size: str) -> metasql.Project:
    """A project whose root was run with ten samples, of a size each."""
    (folder / "models").mkdir(exist_ok=True)
    (folder / "dbt_project_style.yml").write_text("name: handed\nprofile: handed\n", encoding="utf-8")
    profile = "handed: {target: dev, outputs: {dev: {type: duckdb, path: a.duckdb, schema: main}}}\n"
    (folder / "profiles.yml").write_text(profile, encoding="utf-8")
    (folder / "models/features.yml").write_text(FEATURES, encoding="utf-8")
    (folder / "models/video.sql").write_text(ROOT.format(size=size), encoding="utf-8")
    made = metasql.Project.load(folder)
    assert made.run().ok
    return made


def views(wh: metasql.Warehouse) -> set[str]:
    """The views that are read for all there is to do."""
    session = wh._session
    feature = next(feature for key, feature in session.graph.features.items() if key.path == "crop")
    query = handed_out(session, feature, Wanted(("new", "stale", "orphaned")))
    return {table.name for table in query.find_all(exp.Table)}


def test_by_how_much_there_is_to_do(tmp_path: Path) -> None:
    """In full where that is half of all units or more, else by what changed."""
    with project(tmp_path, "1").connect() as wh:
        assert views(wh) == {"crop__increment_full"}
        rows = [{**row, "path": "p"} for row in wh.increment("crop").to_dicts()]
        assert len(rows) == 10
        wh.commit("crop", [{name: row[name] for name in ("id", "path", "metasql_receipt")} for row in rows[:8]])
        assert views(wh) == {"crop__increment"}
    with project(tmp_path, "case when i < 1 then 2 else 1 end").connect() as wh:
        assert views(wh) == {"crop__increment"}
        assert wh.increment("crop").to_arrow().num_rows == 3
    with project(tmp_path, "3").connect() as wh:
        assert views(wh) == {"crop__increment_full"}
        assert wh.increment("crop").to_arrow().num_rows == 10
