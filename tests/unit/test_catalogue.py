from __future__ import annotations

import re
from pathlib import Path

import pytest

from metasql.codes import CATALOGUE

PACKAGE = Path(__file__).parents[2] / "metasql"
RANGES = ("01", "02", "03", "04", "05", "06", "07", "08", "90")
CODE = re.compile(r"MS\d{4}")


def used() -> dict[str, list[str]]:
    """Every code in the package outside the catalogue, with the files that say it."""
    places: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name != "codes":
            for code in set(CODE.findall(_without_docstrings(path.read_text(encoding="utf-8")))):
                places.setdefault(code, []).append(path.relative_to(PACKAGE).as_posix())
    return places


def _without_docstrings(text: str) -> str:
    """A mention in a docstring is no use of a code."""
    return re.sub(r'"""(?:[^"\\]|\\.|"(?!""))*"""', "", text)


def test_every_code_that_is_used_is_in_the_catalogue():
    """A user who reads a code can have it explained."""
    assert {code: places for code, places in used().items() if code not in CATALOGUE} == {}


def test_every_entry_of_the_catalogue_is_used():
    """An entry that nothing can say is deleted."""
    assert sorted(set(CATALOGUE) - set(used())) == []


def test_the_catalogue_is_in_order():
    """By code; a code written twice would be lost in the dict, and is seen here."""
    texts = [path.read_text(encoding="utf-8") for path in (PACKAGE / "codes").glob("*.py")]
    keys = [re.findall(r'^    "(MS\d{4})": ', text, re.MULTILINE) for text in texts]
    assert [codes for codes in keys if codes != sorted(set(codes))] == []
    assert sorted(code for codes in keys for code in codes) == list(CATALOGUE)


def test_a_module_of_the_catalogue_has_one_range():
    """So that a code is found by its number."""
    for path in (PACKAGE / "codes").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        found = {code[:4] for code in re.findall(r'^    "(MS\d{4})": ', text, re.MULTILINE)}
        assert len(found) <= 1, f"{path.name} has codes of {sorted(found)}"
        assert not found or text.startswith(f'"""{found.pop()}xx: ')


@pytest.mark.parametrize("code", CATALOGUE)
def test_an_entry_is_complete_and_in_style(code):
    """A lower-case title of a few words; sentences for why and fix; an example; a known range."""
    entry = CATALOGUE[code]
    assert code[2:4] in RANGES
    assert 0 < len(entry.title) <= 72
    assert not entry.title.endswith(".")
    assert _starts_lower(entry.title), entry.title
    assert entry.example.strip()
    for text in (entry.why, entry.fix):
        assert text.strip().endswith((".", "`", ":", "?", ")")), text
        assert text.strip()[0].isupper() or text.strip()[0] in "`'\"", text


def _starts_lower(title: str) -> bool:
    """In lower case, unless it begins with an abbreviation such as SQL, or a quoted word."""
    first = title.split()[0]
    return first[0].islower() or first.isupper() or first in ("DuckDB", "ClickHouse", "Jinja") or not first[0].isalpha()
