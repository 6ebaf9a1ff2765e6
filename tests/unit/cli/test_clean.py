from __future__ import annotations

import pytest

SERVER = """    prod: {{type: clickhouse, host: "{{{{ env_var('NO_SUCH_HOST') }}}}"}}\n"""


def left(built) -> set[str]:
    return {path.name for path in (built.folder / "target").iterdir()}


def add_targets(built, text: str) -> None:
    path = built.folder / "profiles.yml"
    path.write_text(path.read_text() + text)


def test_the_target_folder_is_emptied(built):
    """What was taken away is the result; the warehouse stays, and works."""
    (built.folder / "target/sub").mkdir()
    (built.folder / "target/sub/notes").write_text("")
    built.must("compile")
    result = built.run("clean")
    assert result.code == 0
    assert result.out.splitlines() == [
        "target/compiled",
        "target/lineage.json",
        "target/logs",
        "target/manifest.json",
        "target/metasql.json",
        "target/metasql_results.json",
        "target/run_results.json",
        "target/stamps",
        "target/sub",
    ]
    assert "9 removed; target/demo.duckdb stayed" in result.err
    assert left(built) == {"demo.duckdb"}
    assert built.status()["video/full"]["live"] == 6


def test_there_may_be_nothing(starter):
    """A project that was never run has no target folder."""
    result = starter.run("clean")
    assert (result.code, result.out) == (0, "")
    assert "0 removed" in result.err


def test_quiet(starter):
    """Results alone, and here is none."""
    result = starter.run("clean", "-q")
    assert (result.code, result.out, result.err) == (0, "", "")


def test_the_warehouses_of_all_targets_stay(built):
    """Attached files, too, and what the engine keeps beside its file; a folder that holds one stays whole."""
    target = built.folder / "target"
    add_targets(
        built,
        "    other:\n      type: duckdb\n      path: target/deep/other.duckdb\n"
        "      attach: [{path: target/shared.duckdb, alias: shared}]\n"
        "    embedded: {type: clickhouse, driver: chdb, path: target/demo.chdb}\n",
    )
    (target / "deep").mkdir()
    (target / "demo.chdb").mkdir()
    for name in (
        "deep/other.duckdb",
        "deep/beside",
        "shared.duckdb",
        "demo.duckdb.wal",
        "demo.chdb/data",
        "old.duckdb",
    ):
        (target / name).write_text("")
    built.must("clean")
    assert left(built) == {"deep", "demo.chdb", "demo.duckdb", "demo.duckdb.wal", "shared.duckdb"}
    assert (target / "deep/other.duckdb").is_file()


def test_a_server_that_is_not_known_here_is_no_matter(built):
    """It has no files; the variable may be set in production alone."""
    add_targets(built, SERVER.format())
    built.must("clean")
    assert left(built) == {"demo.duckdb"}


def test_a_warehouse_whose_path_is_not_known_stops_it(built):
    """Anything in the folder may be it."""
    add_targets(built, "    other: {type: duckdb, path: \"{{ env_var('NO_SUCH_PATH') }}\"}\n")
    before = left(built)
    result = built.run("clean")
    assert (result.code, result.out) == (1, "")
    assert "NO_SUCH_PATH" in result.err
    assert left(built) == before


@pytest.mark.parametrize("profiles", [None, "demo: [", "other: {outputs: {dev: {type: duckdb, path: a}}}\n"])
def test_without_a_profile_nothing_is_known(built, profiles):
    """So nothing is removed."""
    path = built.folder / "profiles.yml"
    path.unlink()
    if profiles is not None:
        path.write_text(profiles)
    before = left(built)
    assert built.run("clean").code == 1
    assert left(built) == before


@pytest.mark.parametrize("said", [True, False])
def test_nothing_outside_of_the_project_is_touched(built, tmp_path, said):
    """Where the target folder is a link to a folder elsewhere, be it named in the project file or not."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("")
    (built.folder / "target").rename(tmp_path / "away")
    (built.folder / "target").symlink_to(outside)
    if said:
        built.edit("dbt_project_style.yml", "dialect: duckdb", "dialect: duckdb\ntarget-path: target")
    result = built.run("clean")
    assert result.code == 1
    assert ("MS0103" if said else "MS0153") in result.err
    assert (outside / "mine").is_file()


def test_links_are_removed_and_not_followed(built, tmp_path):
    """A link in the target folder is metasql's to remove; where it leads is not."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("")
    (built.folder / "target/link").symlink_to(outside)
    (built.folder / "target/dangling").symlink_to(tmp_path / "nowhere")
    built.must("clean")
    assert left(built) == {"demo.duckdb"}
    assert (outside / "mine").is_file()


def test_what_a_person_wrote_stays(built):
    """Should models be kept in the target folder, against all advice."""
    built.edit("dbt_project_style.yml", "dialect: duckdb", "dialect: duckdb\nmodel-paths: [target/models]")
    (built.folder / "models").rename(built.folder / "target/models")
    built.run("clean")
    assert (built.folder / "target/models/video/full.sql").is_file()


def test_a_file_that_cannot_be_removed(built, monkeypatch):
    """Said in words, with the file."""

    def refuse(path, *rest):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("shutil.rmtree", refuse)
    result = built.run("clean")
    assert result.code == 1
    assert "MS0154" in result.err
    assert "target/logs" in result.err


def test_a_project_file_with_mistakes_stops_it(built):
    """Where the target folder is, is not known."""
    built.edit("dbt_project_style.yml", "name: demo", "name: Demo!")
    assert built.run("clean").code == 1
    assert "demo.duckdb" in left(built)
