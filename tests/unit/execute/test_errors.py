"""What goes wrong on the warehouse and in batches: code, exit code, and that nothing is written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.support.cli import Result, run_cli

FILES = {
    "dbt_project_style.yml": "name: p\nversion: '1.0.0'\nprofile: p\ndialect: duckdb\n",
    "profiles.yml": "p:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: target/p.duckdb, schema: main}\n"
    "    prod: {type: clickhouse, schema: p, port: 1, retries: 0}\n",
    "models/video.sql": "{{ config(id_columns=['video_id']) }}\n"
    "SELECT 'v' || i AS video_id, CAST(i AS INTEGER) AS height_px FROM range(3) AS t(i)\n",
    "models/outside.yml": """
version: 1
features:
  - name: crop
    id_columns: [video_id]
    deps: [video]
    columns: [{name: path, type: text}, {name: frames, type: int}]
  - name: cut
    id_columns: [video_id, n]
    deps: [{feature: video, lineage: {expansion: {on: [video_id]}}}]
    columns: [{name: n, type: int}, {name: path, type: text}]
""",
}


@dataclass(frozen=True)
class Project:
    """A project in a folder."""

    folder: Path

    def write(self, path: str, text: str) -> Path:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        return place

    def run(self, *command: str) -> Result:
        result = run_cli(command[0], "--project-dir", str(self.folder), *command[1:])
        assert "MS9" not in result.err, result.err
        return result

    def must(self, *command: str) -> Result:
        result = self.run(*command)
        assert result.code == 0, str(result)
        return result

    def receipts(self, key: str) -> dict[str, str]:
        """Video → receipt."""
        rows = [json.loads(line) for line in self.must("increment", key, "--format", "json").out.splitlines()]
        return {row["video_id"]: row["metasql_receipt"] for row in rows}

    def commit(self, key: str, rows: list[dict[str, object]], *options: str) -> Result:
        """Commit rows as JSON lines; a batch that is refused leaves nothing behind."""
        before = self.must("increment", key, "--format", "json").out
        batch = self.write("batch.json", "".join(f"{json.dumps(row)}\n" for row in rows))
        result = self.run("commit", key, str(batch), *options)
        if result.code:
            assert self.must("increment", key, "--format", "json").out == before
        return result


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A root in SQL and two features of outside programs; nothing was run yet."""
    for name in ("METASQL_TARGET", "METASQL_PROFILES_DIR"):
        monkeypatch.delenv(name, raising=False)
    made = Project(tmp_path)
    for path, text in FILES.items():
        made.write(path, text)
    return made


@pytest.fixture
def built(project: Project) -> Project:
    """The same after a run."""
    project.must("run")
    return project


def said(result: Result) -> list[str]:
    """The codes of the errors, in order."""
    return re.findall(r"^error\[(MS\d{4})\]", result.err, re.MULTILINE)


def place(result: Result) -> list[str]:
    """Where the errors are."""
    return re.findall(r"^ *--> (\S+)$", result.err, re.MULTILINE)


def row(video: str, receipt: str | None, **values: object) -> dict[str, object]:
    """A row of a batch."""
    return {"video_id": video, **values, **({} if receipt is None else {"metasql_receipt": receipt})}


# The connection


def test_a_file_that_no_engine_wrote(project):
    """It is left alone."""
    project.write("target/p.duckdb", "this is a text and no database, and it is long enough to be looked at\n" * 99)
    result = project.run("run")
    assert (result.code, said(result)) == (3, ["MS0604"])


def test_reading_before_the_first_run(project):
    """The warehouse is not made by looking at it."""
    result = project.run("increment", "crop")
    assert (result.code, said(result)) == (3, ["MS0603"])
    assert not (project.folder / "target/p.duckdb").exists()


def test_a_setting_that_the_engine_does_not_have(project):
    """The note says what the engine says."""
    text = FILES["profiles.yml"].replace("schema: main", "schema: main, settings: {memory_limt: 8GB}")
    project.write("profiles.yml", text)
    result = project.run("run")
    assert (result.code, said(result)) == (3, ["MS0605"])
    assert "memory_limt" in result.err


def test_a_warehouse_of_a_newer_metasql(built):
    """It is not touched."""
    with duckdb.connect(str(built.folder / "target/p.duckdb")) as client:
        client.execute("UPDATE metasql_meta SET value = '99' WHERE name = 'version'")
    result = built.run("run")
    assert (result.code, said(result)) == (3, ["MS0606"])


def test_a_feature_that_was_never_run(built):
    """It has no relations to read or to write."""
    built.write(
        "models/late.yml", FILES["models/outside.yml"].replace("name: crop", "name: late").split("  - name: cut")[0]
    )
    result = built.run("increment", "late")
    assert (result.code, said(result), place(result)) == (3, ["MS0607"], ["models/late.yml:4:11"])


def test_a_server_that_is_not_there(project):
    """Compiling for it needs none; running does."""
    project.must("compile", "--target", "prod")
    result = project.run("run", "--target", "prod")
    assert (result.code, said(result)) == (3, ["MS0632"])


# Running


def test_a_body_that_the_engine_refuses(built):
    """The place is the body; what stands beside it goes on."""
    built.write("models/other.sql", "{{ config(id_columns=['id']) }}\nSELECT 1 AS id, CAST('x' AS INTEGER) AS n\n")
    result = built.run("run")
    assert (result.code, said(result), place(result)) == (3, ["MS0610"], ["models/other.sql:1:1"])


def test_a_table_that_is_not_there(built):
    """A source that nobody has loaded."""
    built.write("models/raw.yml", "version: 1\nsources: [{name: raw, tables: [{name: videos}]}]\n")
    text = "{{ config(id_columns=['id']) }}\nSELECT id, path FROM {{ source('raw', 'videos') }}\n"
    built.write("models/other.sql", text)
    result = built.run("run")
    assert (result.code, said(result)) == (3, ["MS0611"])


def test_a_row_without_an_id(built):
    """Nothing could find it again."""
    built.write("models/other.sql", "{{ config(id_columns=['id']) }}\nSELECT NULL::INT AS id, 1 AS n\n")
    result = built.run("run")
    assert (result.code, said(result), place(result)) == (3, ["MS0621"], ["models/other.sql:1:1"])


def test_two_rows_for_one_sample(built):
    """The message names the sample."""
    built.write("models/other.sql", "{{ config(id_columns=['id']) }}\nSELECT 7 AS id, n FROM range(2) AS t(n)\n")
    result = built.run("run")
    assert (result.code, said(result)) == (3, ["MS0622"])
    assert "id = 7" in result.err


def test_a_column_of_another_type(built):
    """The default is to fail; the notes say what is stored and what is given."""
    built.write("models/video.sql", FILES["models/video.sql"].replace("INTEGER", "VARCHAR"))
    result = built.run("run", "--select", "video")
    assert (result.code, said(result)) == (3, ["MS0623"])
    assert "`height_px` is stored as INTEGER and now given as VARCHAR" in result.err


def test_another_key_for_rows_that_are_there(built):
    """The help names the command that computes the feature anew."""
    built.write("models/video.sql", FILES["models/video.sql"].replace("['video_id']", "['video_id', 'height_px']"))
    built.write("models/outside.yml", "")
    result = built.run("run")
    assert said(result) == ["MS0420"]
    assert "metasql run --full-refresh --select video" in result.err
    built.must("run", "--full-refresh")


def test_a_hook_that_the_engine_refuses(built):
    """The place is the hook."""
    built.write("dbt_project_style.yml", FILES["dbt_project_style.yml"] + "on-run-start:\n  - DROP TABLE nothing\n")
    result = built.run("run")
    assert (result.code, said(result), place(result)) == (3, ["MS0611"], ["dbt_project_style.yml:6:5"])


def test_an_assertion_that_finds_rows(built):
    """Of severity `error`; a warning leaves the exit code alone."""
    text = "SELECT video_id FROM {{ ref('video') }} WHERE height_px > 0\n"
    built.write("tests/assertions/flat.sql", text)
    result = built.run("test")
    assert (result.code, said(result), place(result)) == (3, ["MS0701"], ["tests/assertions/flat.sql:1:1"])
    built.write("tests/assertions/flat.sql", "{{ config(severity='warn') }}\n" + text)
    result = built.run("test")
    assert (result.code, said(result)) == (0, [])
    assert "warning[MS0701]" in result.err


# Batches


def test_a_file_that_is_not_there(built):
    """Nothing is opened for it."""
    result = built.run("commit", "crop", str(built.folder / "done.csv"))
    assert (result.code, said(result)) == (3, ["MS0801"])


def test_a_file_of_another_form(built):
    """A text is no Parquet."""
    batch = built.write("done.parquet", "video_id,path\nv0,a\n")
    result = built.run("commit", "crop", str(batch))
    assert (result.code, said(result)) == (3, ["MS0801"])


def test_a_column_that_the_feature_does_not_know(built):
    """The help has the one that was meant."""
    receipts = built.receipts("crop")
    result = built.commit("crop", [row("v0", receipts["v0"], pth="a")])
    assert (result.code, said(result)) == (3, ["MS0802"])
    assert "did you mean `path`?" in result.err


@pytest.mark.parametrize(("video", "codes"), [(None, ["MS0803"]), ("", [])])
def test_an_id_that_is_null(built, video, codes):
    """NULL is no id; the empty text is one, and no receipt is for it."""
    receipts = built.receipts("crop")
    result = built.commit("crop", [row("v0", receipts["v0"]), {"video_id": video, "metasql_receipt": receipts["v1"]}])
    assert result.code == 3
    assert [code for code in said(result) if code != "MS0807"] == codes


def test_two_rows_for_one_sample_in_a_batch(built):
    """The rows are named by their numbers."""
    receipts = built.receipts("crop")
    result = built.commit("crop", [row("v0", receipts["v0"], path="a"), row("v0", receipts["v0"], path="b")])
    assert (result.code, said(result)) == (3, ["MS0805"])
    assert "rows 1 and 2" in result.err


def test_no_receipts(built):
    """The column is not there, or a row has none."""
    receipts = built.receipts("crop")
    assert said(built.commit("crop", [row("v0", None, path="a")])) == ["MS0806"]
    rows = [row("v0", receipts["v0"], path="a"), {"video_id": "v1", "path": "b", "metasql_receipt": None}]
    result = built.commit("crop", rows)
    assert said(result) == ["MS0806"]
    assert "row 2 (video_id = v1)" in result.err


def test_receipts_of_other_rows(built):
    """Of another sample, of another feature, or made up."""
    crop, cut = built.receipts("crop"), built.receipts("cut")
    assert said(built.commit("crop", [row("v0", crop["v1"])])) == ["MS0807"]
    assert said(built.commit("crop", [row("v0", cut["v0"])])) == ["MS0807"]
    assert said(built.commit("crop", [row("v0", "r1:0")])) == ["MS0807"]


def test_children_of_one_input_with_two_receipts(built):
    """All children of an input come of one reading."""
    old = built.receipts("cut")["v0"]
    built.write(
        "models/outside.yml",
        FILES["models/outside.yml"].replace(
            "name: cut\n", "name: cut\n    fields: [{name: default, code_version: '2'}]\n"
        ),
    )
    built.must("run")
    new = built.receipts("cut")["v0"]
    result = built.commit("cut", [row("v0", old, n=1), row("v0", new, n=2)])
    assert (result.code, said(result)) == (3, ["MS0808"])


def test_a_child_of_an_input_that_is_not_listed(built):
    """With `--inputs` every input is listed."""
    receipts = built.receipts("cut")
    inputs = built.write("inputs.json", json.dumps(row("v0", receipts["v0"])) + "\n")
    result = built.commit("cut", [row("v0", None, n=1), row("v1", None, n=1)], "--inputs", str(inputs))
    assert (result.code, said(result)) == (3, ["MS0809"])


def test_a_value_of_another_type(built):
    """The message has the row, the value and the column."""
    result = built.commit("crop", [row("v0", built.receipts("crop")["v0"], frames="many")])
    assert (result.code, said(result)) == (3, ["MS0810"])
    assert "row 1: `many` in column `frames`" in result.err


def test_several_mistakes_in_one_batch(built):
    """All of them are told."""
    receipts = built.receipts("crop")
    rows = [row("v0", receipts["v0"], frames="many"), row("v0", receipts["v0"], frames=1)]
    assert set(said(built.commit("crop", rows))) >= {"MS0810"}


def test_a_feature_that_is_computed_here(built):
    """Its body says what its rows are."""
    result = built.run("commit", "video", str(built.write("done.csv", "video_id,height_px\nv0,1\n")))
    assert (result.code, said(result), place(result)) == (3, ["MS0811"], ["models/video.sql:1:4"])


def test_inputs_of_a_feature_that_is_no_expansion(built):
    """It has none besides its rows."""
    inputs = built.write("inputs.json", "{}\n")
    result = built.commit("crop", [row("v0", built.receipts("crop")["v0"])], "--inputs", str(inputs))
    assert (result.code, said(result)) == (3, ["MS0812"])


def test_a_feature_that_there_is_not(built):
    """The same words as everywhere."""
    result = built.run("increment", "crp")
    assert (result.code, said(result)) == (1, ["MS0330"])
    assert "did you mean `crop`?" in result.err


def test_deleting_by_a_column_that_there_is_not(built):
    """The place is in the option."""
    result = built.run("delete", "crop", "--where", "pth = 'a'")
    assert (result.code, said(result), place(result)) == (1, ["MS0335"], ["--where:1:1"])
