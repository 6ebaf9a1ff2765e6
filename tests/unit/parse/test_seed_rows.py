from __future__ import annotations

import pytest

from metasql.parse.declarations import SeedDecl
from metasql.parse.seed_rows import MOST, check_rows
from metasql.source import Word


def mistakes(tmp_path, text: str | bytes, **types: str) -> list[str]:
    """What is said of a seed with the columns `id` and `v`, each with its place."""
    data = text.encode() if isinstance(text, str) else text
    (tmp_path / "z.csv").write_bytes(data)
    seed = SeedDecl(name=Word("z"), path="z.csv", header=("id", "v"), types=types)
    return [f"{item.code} {item.primary.span} {item.message}" for item in check_rows(seed, tmp_path)]


@pytest.mark.parametrize(
    "text",
    ["id,v\n", "id,v\n1,2\n", "id,v\r\n1,2\r\n", 'id,v\n1,"a\nb"\n', "id,v\n\n1,\n\n", "\ufeffid,v\n1,2\n"],
)
def test_a_sound_file(tmp_path, text):
    """Line ends, quotes, empty cells and empty lines are as they may be."""
    assert mistakes(tmp_path, text) == []


def test_too_many_and_too_few_cells(tmp_path):
    """Each line with what it has and what it should have; lines are counted through quoted line ends."""
    assert mistakes(tmp_path, 'id,v\n1,"a\nb"\n1,2,3\n2\n') == [
        "MS0325 z.csv:4:1 this line has 3 cells, and the header has 2",
        "MS0325 z.csv:5:1 this line has 1 cell, and the header has 2",
    ]


@pytest.mark.parametrize("line", ['1,"a', '1,"a"b'])
def test_quotes_that_do_not_fit(tmp_path, line):
    """The place is the first quote of the record."""
    said = mistakes(tmp_path, f"id,v\n1,2\n{line}\n3,4\n")
    assert said == ["MS0325 z.csv:3:3 the quotes of this line do not fit together"]


@pytest.mark.parametrize(
    ("type_", "good", "bad", "kind"),
    [
        ("int", "-12", "1.5", "a whole number"),
        ("BIGINT", "0", "many", "a whole number"),
        ("double", "1e3", "1,5", "a number"),
        ("decimal(9, 2)", "1.50", "one", "a number"),
        ("boolean", "TRUE", "maybe", "a boolean"),
        ("date", "2024-02-29", "29.02.2024", "a date such as 2024-05-01"),
    ],
)
def test_values_of_another_type(tmp_path, type_, good, bad, kind):
    """Where the look of a value tells; the place is the value."""
    assert mistakes(tmp_path, f'id,v\n1,"{good}"\n2,\n', v=type_) == []
    assert mistakes(tmp_path, f'id,v\n1,"{bad}"\n', v=type_) == [
        f"MS0325 z.csv:2:4 `{bad}` in column `v` is not {kind}"
    ]


def test_types_that_only_the_engine_knows(tmp_path):
    """Nothing is said of them."""
    assert mistakes(tmp_path, "id,v\n1,x\n", v="struct(a int)") == []


def test_no_more_than_a_few_are_told(tmp_path):
    """A file of another form would be wrong in each of its lines."""
    assert len(mistakes(tmp_path, "id,v\n" + "1\n" * 100)) == MOST


def test_another_encoding_behind_the_first_lines(tmp_path):
    """The header was read, and a later line is not UTF-8."""
    text = ("id,v\n" + "1,e\n" * 9000 + "1,é\n").encode("latin-1")
    assert mistakes(tmp_path, text) == ["MS0203 z.csv:1:1 `z.csv` is not UTF-8"]
