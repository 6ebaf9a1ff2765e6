"""The public names: they are what `__all__` says, documented, and written down in docs/python.md."""

from __future__ import annotations

import inspect
import sys
import traceback
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path

import pytest

import metasql
from metasql.api import libraries, public

PAGE = (Path(__file__).parents[2] / "docs/python.md").read_text(encoding="utf-8")
CLASSES = [name for name in metasql.__all__ if isinstance(getattr(metasql, name), type)]


def members(kind):
    """The public methods and properties of a class that are its own."""
    return {
        name: value
        for name, value in inspect.getmembers(kind)
        if not name.startswith("_") and getattr(value, "__module__", "metasql").startswith("metasql")
    }


def test_all_is_exact():
    """Every name is there, in order, and there is no other."""
    assert metasql.__all__ == sorted(metasql.__all__)
    assert sorted(public.__all__) == [name for name in metasql.__all__ if name != "__version__"]
    assert set(metasql.__all__) <= set(dir(metasql))
    for name in metasql.__all__:
        assert getattr(metasql, name) is not None


def test_an_unknown_name():
    """As of any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Projekt'"):
        metasql.Projekt  # noqa: B018
    assert not hasattr(metasql, "public_things")


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_public_has_a_docstring(name):
    """So that `help()` says what it is for; the words of a method stand with it."""
    kind = getattr(metasql, name)
    assert inspect.getdoc(kind)
    undocumented = [
        member
        for member, value in members(kind).items()
        if inspect.isfunction(value) and name in ("Project", "Warehouse", "Increment") and not inspect.getdoc(value)
    ]
    assert undocumented == []


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_public_is_in_the_docs(name):
    """Every class, and every method of those that a program calls."""
    assert f"`{name}`" in PAGE or f"{name}." in PAGE, f"docs/python.md does not speak of {name}"
    if name in ("Project", "Warehouse", "Increment"):
        missing = [member for member in members(getattr(metasql, name)) if member not in PAGE]
        assert missing == []


@pytest.mark.parametrize("name", [name for name in CLASSES if is_dataclass(getattr(metasql, name))])
def test_values_are_frozen(name):
    """What came out of something does not change."""
    kind = getattr(metasql, name)
    made = object.__new__(kind)
    with pytest.raises(FrozenInstanceError):
        setattr(made, fields(kind)[0].name, None)


@pytest.mark.parametrize("name", ["pyarrow", "polars", "pandas"])
def test_an_extra_that_is_missing(name, monkeypatch):
    """The error names the package, and how it is installed; a traceback says so, too."""
    monkeypatch.setitem(sys.modules, name, None)
    load = {"pyarrow": libraries.arrow, "polars": libraries.polars, "pandas": libraries.pandas}[name]
    with pytest.raises(metasql.MetasqlError, match="MS0650") as caught:
        load()
    assert "pip install 'metasql[" in str(caught.value.bag.items[0].help)
    assert f"help: {caught.value.bag.items[0].help}" in "".join(traceback.format_exception(caught.value))
