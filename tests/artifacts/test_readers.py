"""What metasql writes in the forms of dbt's artifacts, read by those who read them.

They are not among the tests that are run without being named: tests/support/install_artifacts.sh installs the readers.
"""

from __future__ import annotations

from tests.artifacts.conftest import HERE


def test_dbt_core(readers, target, graph):
    """Its loaders take all three, its schemas hold, and its graph is ours."""
    found = readers.read(readers.python, HERE / "with_dbt.py", target)
    assert found["project"] == "avatar_data"
    for relation, parents in graph.items():
        assert set(found["parents"][relation]) - {name for name in graph if name.startswith("raw_")} == parents
    assert len(found["tests"]) == 25
    assert found["outcomes"]["model.avatar_data.video__full"] == "success"
    assert found["outcomes"]["test.avatar_data.not_null__video__full__speaker_id"] == "warn"
    assert found["columns"]["clip__cut"][:4] == ["video_id", "clip_index", "speaker_id", "start_s"]


def test_dagster_dbt(readers, target, graph):
    """Each feature and seed is an asset, with its parents, its columns and its checks; selections work."""
    found = readers.read(readers.python, HERE / "with_dagster.py", target)
    assert set(found["parents"]) == set(graph)
    for relation, parents in graph.items():
        assert set(found["parents"][relation]) >= parents
    assert "video__full: unique__video__full__video_id" in found["checks"]
    assert {"video__face_crop", "train__candidate"} <= set(found["selected"])
    assert "video__full" not in found["selected"]
    assert "gpu" in found["tags"]
    assert "frame_count" in found["columns"]


def test_dbt_docs(readers, target):
    """The page of a feature shows its columns with their types, its tests, what it is made of, and its text."""
    page = "#!/model/model.avatar_data.clip__cut"
    found = readers.read("node", HERE / "with_docs.cjs", target, readers.docs, page)
    assert found["faults"] == []
    for words in ("clip__cut incremental", "Videos cut into clips of equal length", "end_s BIGINT", "positive("):
        assert words in found["text"]
    for words in ("Depends On Models video__full", "clip__scored", "speaker__voice_model", "{{ ref('video/full') }}"):
        assert words in found["text"]
