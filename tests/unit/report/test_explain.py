from __future__ import annotations

import pytest

from metasql.codes import CATALOGUE
from metasql.report import explain


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_has_a_page(code):
    """With its title, why, an example and what to do."""
    page = explain.page(code)
    assert page is not None
    assert page.startswith(f"# {code}: {CATALOGUE[code].title}\n")
    assert CATALOGUE[code].why.strip() in page
    assert page.endswith(CATALOGUE[code].fix.strip())


def test_a_code_is_found_in_lower_case():
    """Codes are typed by hand."""
    code = next(iter(CATALOGUE))
    assert explain.page(f" {code.lower()} ") == explain.page(code)


def test_an_unknown_code_has_no_page_and_similar_codes():
    """A slip of one digit is near enough; of many, a few are named."""
    wrong = f"{next(iter(CATALOGUE))[:-1]}x"
    assert explain.page(wrong) is None
    assert 0 < len(explain.similar(wrong)) <= 6
    assert all(code.startswith(wrong[:-1]) for code in explain.similar(wrong))
    assert explain.similar("rhinoceros") == []


def test_a_word_of_the_title_finds_its_codes():
    """For those who remember the message and not the number."""
    code, entry = next(iter(CATALOGUE.items()))
    word = max(entry.title.split(), key=len)
    titled = [known for known, other in CATALOGUE.items() if word.upper() in other.title.upper()]
    assert explain.similar(word)[:1] == titled[:1]
    assert code in titled


def test_the_index_lists_every_code_once():
    """In the order of the catalogue."""
    assert [line.split()[0] for line in explain.index().splitlines()] == list(CATALOGUE)
