"""The lock file: versions outlive the tools that read them, and every line that says nothing is told."""

from __future__ import annotations

import pytest

from metasql.diagnostics import Bag
from metasql.graph.lock import Lock, Locked, read_lock
from metasql.source import Source

A, B, C = ("a" * 32, "b" * 32, "c" * 32)
TEXT = f"# why\n\nvideo/full.audio/en {A} {B}\nshape.x {B} {C}\n"


def read(text: str) -> tuple[Lock, Bag]:
    bag = Bag()
    return read_lock(Source("metasql.lock", text), bag), bag


def test_what_is_written_is_read():
    """One sorted line for each field, whatever the order before."""
    lock, bag = read(TEXT)
    assert not len(bag)
    assert lock.known == {("video/full", "audio/en"): Locked(A, B), ("shape", "x"): Locked(B, C)}
    assert lock.standing(("video/full", "audio/en"), B) == A
    assert lock.standing(("shape", "x"), C) == B
    written = lock.text().splitlines()
    assert written[-2:] == [f"shape.x {B} {C}", f"video/full.audio/en {A} {B}"]
    again, bag = read(lock.text())
    assert (again.known, len(bag)) == (lock.known, 0)
    assert lock.is_current


def test_the_locked_version_stands_while_the_text_is_the_same():
    """Whatever is read from it now."""
    lock, _ = read(TEXT)
    assert lock.standing(("shape", "x"), C) == B
    assert lock.standing(("shape", "x"), A) is None
    assert lock.take(("shape", "x"), A, C) == C
    assert lock.standing(("new", "x"), A) is None


def test_what_changed_is_told():
    """Text alone, meaning, and what came and went."""
    lock, _ = read(TEXT)
    lock.take(("shape", "x"), A, B)
    lock.take(("more", "y"), A, B)
    assert not lock.is_current
    assert lock.changes() == ["more.y is new", "shape.x has other text", "video/full.audio/en is gone"]
    lock, _ = read(TEXT)
    lock.take(("shape", "x"), A, C)
    lock.take(("video/full", "audio/en"), B, A)
    assert lock.changes() == ["shape.x has another meaning"]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (f"shape.x {A}\n", (1, 1), "this line is not"),
        (f"shape.x {A} {B[:-1]}\n", (1, 1), "this line is not"),
        (f"shape {A} {B}\n", (1, 1), "this line is not"),
        (f"shape.x {A} {B}\n<<<<<<< ours\n", (2, 1), "a merge left its marks"),
        (f"shape.x {A} {B}\n  shape.x {C} {B}\n", (2, 3), "`shape.x` stands here twice"),
    ],
)
def test_lines_that_say_nothing(text, place, message):
    """Each is an error at its place, and none is guessed at."""
    _, bag = read(text)
    [item] = bag
    assert item.code == "MS0416"
    assert item.message.startswith(message)
    assert item.primary.span.source.position(item.primary.span.start) == place


def test_without_a_file():
    """Nothing is known."""
    lock = read_lock(None, Bag())
    assert lock.known == {}
    assert lock.is_current
