from __future__ import annotations

import json

import pytest


def test_the_first_live_samples(built):
    """In the order of their ids, with the declared columns; read-only."""
    assert built.rows("show", "video/shape", "--limit", "2", "--format", "json") == [
        {"video_id": "v01", "pixels": 2073600, "orientation": "landscape"},
        {"video_id": "v02", "pixels": 2073600, "orientation": "portrait"},
    ]
    assert len(built.must("show", "video/full", "--format", "json").splitlines()) == 5


def test_the_columns_that_metasql_keeps(built):
    """On request."""
    (row,) = built.rows("show", "video/shape", "--limit", "1", "--format", "json", "--versions")
    assert {"video_id", "metasql_provenance__layout", "metasql_commit"} <= set(row)


def test_deleted_samples_are_not_shown(built):
    """They are not live."""
    built.must("delete", "video/full", "--where", "video_id = 'v01'")
    rows = built.rows("show", "video/full", "--limit", "99", "--format", "json")
    assert [row["video_id"] for row in rows] == ["v02", "v03", "v04", "v05", "v06"]


def test_a_seed(built):
    """By its name."""
    rows = built.must("show", "raw_videos", "--format", "csv", "--limit", "1").splitlines()
    assert rows[0].startswith("video_id,path,duration_s")
    assert rows[1].startswith("v01,raw/v01.mp4,12.5")


def test_null_is_told_from_text(built):
    """In every form."""
    query = "select null::text as a, 'NULL' as b, '' as c"
    table = built.must("show", "--inline", query).splitlines()
    assert table[-1].split() == ["NULL", "'NULL'"]
    assert built.rows("show", "--inline", query, "--format", "json") == [{"a": None, "b": "NULL", "c": ""}]
    assert built.must("show", "--inline", query, "--format", "csv").splitlines()[1] == ',NULL,""'


def test_values_are_shown_as_they_are(built):
    """Brackets are no markup, control characters steer no terminal, wide rows are not cut."""
    long = "x" * 300
    query = f"select [1, 2] as a, '[red]b' as b, '\\' as c, chr(27) || '[31m' as d, '{long}' as e"
    row = built.must("show", "--inline", query).splitlines()[-1]
    assert row.split() == ["[1,", "2]", "[red]b", "\\", "␛[31m", long]


def test_an_empty_table_has_its_columns(built):
    """Nothing was committed yet."""
    assert built.must("show", "video/face_crop").split()[:3] == ["video_id", "path", "frame_count"]
    assert built.must("show", "video/face_crop", "--format", "json") == ""


def test_an_inline_query_over_features(built):
    """With variables, macros, joins, aliases, qualified names and blocks of its own."""
    (built.folder / "macros").mkdir()
    (built.folder / "macros/sizes.sql").write_text("{% macro big() %}pixels > 1000000{% endmacro %}")
    query = """
        WITH chosen AS (SELECT * FROM {{ ref('video/shape') }} WHERE {{ big() }})
        SELECT {{ ref('video/full') }}.video_id, chosen.pixels, raw.path
        FROM {{ ref('video/full') }}
        JOIN chosen USING (video_id)
        JOIN {{ ref('demo', 'raw_videos') }} AS raw ON raw.video_id = chosen.video_id
        WHERE raw.duration_s > {{ var('min_duration_s') }}
        ORDER BY 1 DESC
    """
    rows = built.rows("show", "--inline", query, "--format", "json")
    assert [row["video_id"] for row in rows] == ["v06", "v02", "v01"]
    assert rows[0] == {"video_id": "v06", "pixels": 1166400, "path": "raw/v06.mp4"}


def test_an_inline_query_over_a_source(built):
    """And one inside of Jinja, which is carried out."""
    (built.folder / "models/raw.yml").write_text(
        "version: 1\nsources: [{name: raw, schema: main, tables: [{name: videos, identifier: raw_videos}]}]\n"
    )
    query = "select count(*) as n from {{ source('raw', 'videos') }}"
    assert built.rows("show", "--inline", query, "--format", "json") == [{"n": 6}]
    query = "select {{ run_query('select max(pixels) from ' ~ ref('video/shape'))[0][0] }} as n"
    assert built.rows("show", "--inline", query, "--format", "json") == [{"n": 2073600}]


@pytest.mark.parametrize(
    ("own", "rows"),
    [("", 5), ("LIMIT 2", 2), ("LIMIT 99", 5), ("LIMIT 1 + 2", 3), ("LIMIT 2 OFFSET 5", 1)],
)
def test_the_lower_limit_counts(built, own, rows):
    """The query's own, or that of the command."""
    query = f"select video_id from {{{{ ref('video/full') }}}} order by video_id {own}"
    assert len(built.rows("show", "--inline", query, "--format", "json")) == rows


def test_a_union_is_limited_as_a_whole(built):
    """And not its last part."""
    one = "select video_id from {{ ref('video/full') }}"
    assert len(built.rows("show", "--inline", f"{one} union all {one}", "--limit", "7", "--format", "json")) == 7


def test_metasqls_own_tables(built):
    """May be read past `ref` here, without a warning."""
    result = built.run("show", "--inline", "select feature from metasql_status order by 1", "--format", "csv")
    assert result.out.splitlines() == ["feature", "video/face_crop", "video/full", "video/shape"]
    assert result.err == ""


@pytest.mark.parametrize(
    ("query", "code", "exit_code"),
    [
        ("select * from {{ ref('video/ful') }}", "MS0330", 1),
        ("select * from {{ source('raw', 'videos') }}", "MS0324", 1),
        ("select * from {{ this }}", "MS0615", 3),
        ("select * form x", "MS0230", 1),
        ("select {{ nothing }}", "MS0210", 1),
        ("select 1; select 2", "MS0232", 1),
        ("drop table video__full", "MS0233", 1),
        ("", "MS0232", 1),
        ("select * from nowhere", "MS0611", 3),
        ("select video_idd from {{ ref('video/full') }}", "MS0335", 1),
    ],
)
def test_a_query_that_cannot_be(built, query, code, exit_code):
    """Each mistake has its code; nothing is on stdout."""
    result = built.run("show", "--inline", query)
    assert result.out == ""
    assert f"error[{code}]" in result.err or code in ("MS0210", "MS0232", "MS0233"), str(result)
    assert result.code == exit_code, str(result)


def test_the_place_in_an_inline_query(built):
    """Where `ref` names something that is not there."""
    err = built.run("show", "--inline", "select *\nfrom {{ ref('video/ful') }}").err
    assert "--> --inline:2:14" in err
    assert "did you mean `video/full`?" in err


def test_nothing_can_be_written(built):
    """The warehouse is opened to be read."""
    result = built.run("show", "--inline", "select nextval('metasql_commit_seq') as n")
    assert result.code == 3
    assert "read-only" in result.err


def test_what_was_never_run(built):
    """The message says so, and that there is a body."""
    (built.folder / "models/video/tall.sql").write_text(
        "{{ config(id_columns=['video_id']) }}\nselect video_id from {{ ref('video/full') }}\n"
    )
    result = built.run("show", "video/tall")
    assert (result.code, result.out) == (3, "")
    assert "MS0607" in result.err
    assert "has a body" in result.err
    assert "metasql run --select +video/tall" in result.err
    inline = built.run("show", "--inline", "select * from {{ ref('video/tall') }}")
    assert inline.code == 3
    assert "--> --inline:1:" in inline.err


def test_before_the_first_build(starter):
    """There is nothing to be shown, and nothing is made."""
    result = starter.run("show", "video/full")
    assert result.code == 3
    assert "MS0603" in result.err
    assert not starter.warehouse.exists()


def test_a_seed_that_was_never_loaded(built):
    """Its table is not there."""
    (built.folder / "seeds/more.csv").write_text("id\n1\n")
    for arguments in (("more",), ("--inline", "select * from {{ ref('more') }}")):
        result = built.run("show", *arguments)
        assert result.code == 3
        assert "MS0614" in result.err


def test_unknown_keys(built):
    """The nearest is named."""
    result = built.run("show", "video/shap")
    assert result.code == 1
    assert "did you mean `video/shape`?" in result.err


@pytest.mark.parametrize("arguments", [(), ("video/full", "--inline", "select 1"), ("video/full", "--limit", "-1")])
def test_usage(built, arguments):
    """One thing is shown at a time."""
    result = built.run("show", *arguments)
    assert (result.code, result.out) == (2, "")


def test_json_on_stderr_too(built):
    """Mistakes as JSON lines for programs."""
    result = built.run("show", "nope", "--log-format", "json")
    assert [json.loads(line)["code"] for line in result.err.splitlines()] == ["MS0330"]
