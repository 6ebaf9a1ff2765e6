"""Which statements a command sent is kept with its results, so that the server's log can be asked about them."""

from __future__ import annotations

import json

import pytest

from tests.scenarios.support import Place
from tests.scenarios.support_example import FIRST, SECOND, example, load
from tests.support.clickhouse_engines import ChDB, ClickHouse
from tests.support.engines import DuckDB

KEPT = "<query_log><database>system</database><table>query_log</table></query_log>"
LOG = """
SELECT query_id, log_comment FROM system.query_log WHERE type <> 'QueryStart' AND query_id IN {ids:Array(String)}
"""


def results_of(place: Place) -> dict:
    return json.loads((place.folder / "target/metasql_results.json").read_text(encoding="utf-8"))


def test_the_servers_log_knows_every_statement(tmp_path):
    """By its `query_id`, with the `log_comment` that tells run and purpose; of each node, and of the rest."""
    engine = ClickHouse(KEPT)
    try:
        place = example(tmp_path, engine)
        for data in (FIRST, SECOND):
            load(place, data)
            place.run("--threads", "2")
        results = results_of(place)
        sent = {node["name"]: node["statements"] for node in results["results"]} | {"": results["statements"]}
        assert all(sent.values())
        purposes = {name: [json.loads(one["log_comment"])["purpose"] for one in found] for name, found in sent.items()}
        assert "publish the rows of video__samples" in purposes["video"]
        others = [purpose for name in purposes if name != "video" for purpose in purposes[name]]
        assert not [purpose for purpose in others if "rows of video__" in purpose]
        comments = {one["query_id"]: one["log_comment"] for found in sent.values() for one in found}
        runs = {json.loads(comment)["run"] for comment in comments.values()}
        assert runs == {"", results["run_id"]}  # none is known while the target is opened
        with engine.client(tmp_path) as client:
            client.command("SYSTEM FLUSH LOGS query_log")
            known = dict(client.query(LOG, parameters={"ids": list(comments)}).result_rows)
        assert known == comments
    finally:
        engine.close()


@pytest.mark.parametrize("without", [DuckDB, ChDB])
def test_an_engine_without_such_a_log(without, tmp_path):
    """It names no statements, and so none are listed."""
    place = example(tmp_path, without())
    load(place, FIRST)
    place.run()
    results = results_of(place)
    assert "statements" not in results
    assert all("statements" not in node for node in results["results"])
