"""A cluster of two real servers: the same results as one server, rows where they belong, and nodes that go away."""

from __future__ import annotations

import json

import pytest

from metasql.execute import clickhouse_cluster
from tests.scenarios.support_example import FIRST, SECOND, example, load
from tests.support.clickhouse_cluster import Cluster
from tests.support.clickhouse_engines import ClickHouse

CROPPED = {"path": "p"}


@pytest.fixture
def servers():
    found = Cluster()
    yield found
    found.close()


@pytest.fixture
def place(servers, tmp_path):
    return example(tmp_path / "two", servers)


def whole_life(place):
    """Two loads, each worked off, and a deletion: every kind of feature and lineage."""
    for data in (FIRST, SECOND):
        load(place, data)
        place.run()
        place.work_off("crop", CROPPED)
        place.run()
        rows = [{**row, "k": 1, "result": "r"} for row in inputs_of(place, "job")]
        place.commit("job", rows)
    place.cli("delete", "crop", "--where", "video_id = 5")
    place.run()
    return place.public()


def inputs_of(place, key):
    return [
        {"video_id": row["video_id"], "metasql_receipt": row["metasql_receipt"]}
        for row in place.increment(key, "new,stale")
    ]


@pytest.fixture(scope="module")
def on_one(tmp_path_factory):
    """What one server gives: every view and history after a whole life."""
    engine = ClickHouse()
    yield whole_life(example(tmp_path_factory.mktemp("one"), engine))
    engine.close()


def test_two_nodes_give_what_one_gives(place, on_one):
    """Every row of every view, hashes and receipts included; both nodes answer alike."""
    found = whole_life(place)
    # A cluster looks at everything in `X__increment` itself.
    alike = {name: rows for name, rows in on_one.items() if not name.endswith("__increment_full")}
    assert sorted(found) == sorted(alike)
    for name, rows in alike.items():
        assert found[name] == rows, name
    first, other = (node.client() for node in place.engine.nodes(place.folder))
    with first, other:
        for name in found:
            sql = f'SELECT * FROM main."{name}" ORDER BY ALL'
            assert first.query(sql).result_rows == other.query(sql).result_rows, name


def test_samples_lie_with_what_they_are_made_of(place):
    """Each video, with its clips and ratings, on one of the two; both have some."""
    load(place, FIRST)
    place.run()
    place.work_off("crop", CROPPED)
    seen = []
    for node in place.engine.nodes(place.folder):
        with node.client() as client:
            tables = ("video", "crop", "clip", "rated", "total")
            sql = "SELECT DISTINCT video_id FROM main.{}__samples__shard"
            found = [{row[0] for row in client.query(sql.format(name)).result_rows} for name in tables]
        assert all(ids <= found[0] for ids in found)
        seen.append(found[0])
    assert seen[0]
    assert seen[1]
    assert not seen[0] & seen[1]


def test_what_shards_answer_for_themselves(place):
    """The increments of all features that follow `video`; the aggregation too, as its groups are videos."""
    load(place, FIRST)
    result = place.run()
    assert "are brought to one node" not in result.err
    sql = "SELECT name FROM system.tables WHERE database = 'main' AND as_select LIKE 'SELECT * FROM cluster(%'"
    found = {name for (name,) in place.values(sql.replace("LIKE", "ILIKE"))}
    wanted = {f"{key}__increment" for key in ("crop", "clip", "rated", "total", "job")}
    assert wanted <= found


def test_what_is_joined_on_one_node_is_told(place):
    """A group that is not part of the key lies on another shard than its members."""
    place.write("models/star.sql", "select stars, count(*) as videos from {{ ref('rating') }} group by stars\n")
    place.edit(
        "models/features.yml",
        "  - name: crop",
        "  - name: star\n    id_columns: [stars]\n"
        "    deps: [{feature: rating, lineage: {aggregation: {on: [stars]}}, columns: {}}]\n"
        "    fields: [{name: videos, deps: [rating.stars]}]\n  - name: crop",
    )
    load(place, FIRST)
    result = place.run()
    assert "star: the rows of rating are spread by video_id, its own by stars" in result.err
    assert "are brought to one node to be joined" not in place.run().err


def test_a_node_is_down(place):
    """Nothing is begun; when it is back the next run does all."""
    load(place, FIRST)
    place.run()
    load(place, SECOND)
    before = place.public()
    other = place.engine.nodes(place.folder)[1]
    other.stop()
    for command in (["run"], ["status"], ["increment", "crop"]):
        result = place.cli(*command, code=None)
        assert result.code in (1, 3)
        assert "MS0639" in result.err
        assert "see that all nodes of the cluster are up" in result.err
    other.start()
    assert place.public() == before
    place.run()
    assert place.listed("video") == {}


@pytest.mark.parametrize("after", [False, True], ids=["before it publishes", "after it did"])
def test_a_node_goes_away_in_the_middle(place, on_one, monkeypatch, after):
    """One shard may have the new rows and the other not: the next run ends as if nothing had happened."""
    load(place, FIRST)
    place.run()
    load(place, SECOND)
    other, attach, times = place.engine.nodes(place.folder)[1], clickhouse_cluster.ClusterTables.attach, []

    def attached(self, stage, target):
        times.append(target.name)
        if len(times) == 3 and not after:
            other.kill()
        attach(self, stage, target)
        if len(times) == 3 and after:
            other.kill()

    with monkeypatch.context() as patched:
        patched.setattr(clickhouse_cluster.ClusterTables, "attach", attached)
        result = place.run(code=None)
    assert len(times) >= 3
    assert result.code in (1, 3)
    assert "MS06" in result.err
    other.start()
    place.run()
    for key in ("video", "rating", "clip", "rated", "total"):
        assert place.listed(key) == {}, key
    assert [row for row in place.table("total") if row] == on_one["total"]
    left = "SELECT count() FROM clusterAllReplicas('two', system.tables) WHERE startsWith(name, 'metasql_tmp_')"
    assert place.values(left) == [(0,)]


def test_a_cluster_that_there_is_not(place):
    """The server's own are named."""
    profiles = json.loads(json.dumps((place.folder / "profiles.yml").read_text(encoding="utf-8")))
    place.write("profiles.yml", profiles.replace("cluster: two", "cluster: tow"))
    result = place.run(code=None)
    assert result.code in (1, 3)
    assert "MS0642" in result.err
    assert "it knows: " in result.err
    assert "two" in result.err


def test_nodes_that_are_not_all_listed(place):
    """Definitions would not reach the others."""
    text = (place.folder / "profiles.yml").read_text(encoding="utf-8")
    address = f"127.0.0.1:{place.engine.nodes(place.folder)[1].port}"
    place.write("profiles.yml", "\n".join(line for line in text.splitlines() if address not in line) + "\n")
    result = place.run(code=None)
    assert result.code in (1, 3)
    assert "MS0642" in result.err
    assert "has 2 nodes, and target `dev` lists 1" in result.err


def test_another_number_of_shards(place):
    """Samples would lie where nobody looks for them."""
    load(place, FIRST)
    place.run()
    place.engine.settle(place.folder)
    first, other = place.engine._servers[place.folder], place.engine._others[place.folder]
    for node in (first, other):
        node.clusters = {"two": [[first.tcp_port]]}
    text = (place.folder / "profiles.yml").read_text(encoding="utf-8")
    place.write("profiles.yml", "\n".join(line for line in text.splitlines() if f":{other.port}" not in line) + "\n")
    place.engine.nodes(place.folder)
    result = place.run(code=None)
    assert result.code in (1, 3)
    assert "MS0643" in result.err
    assert "has 1 shards, and the rows of `main` are spread over 2" in result.err


def test_debug_shows_the_cluster(place):
    """Its shards, their replicas, and how definitions reach them."""
    assert "does not exist yet" in place.cli("debug").out
    load(place, FIRST)
    place.run()
    out = place.cli("debug").out
    assert "two: 2 shards, 1 replicas of each" in out
    assert "sent to each of `nodes`" in out
