"""Reading texts as a project would: what the tests of templates and bodies share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from metasql.diagnostics import Bag, Diagnostic
from metasql.parse import query
from metasql.parse.template import Templates
from metasql.source import LineMap, Source, Span, Word


@dataclass
class Project:
    """A project without files."""

    name: str = "avatar_data"
    dialect: str = "duckdb"
    vars: dict[str, Any] = field(default_factory=lambda: {"crop_px": 512, "sizes": [1, 2]})


@dataclass
class Target:
    """A target without a warehouse."""

    name: str = "prod"
    type: str = "clickhouse"
    schema: str = "avatar"
    profile: str = "avatar_data"
    password: str = "hunter2"


def settings(**others: Any) -> query.Settings:
    known = {"project": Project(), "env": {"REGION": "eu"}, "sources": {("raw", "videos"): "raw.videos"}}
    return query.Settings(**{**known, **others})


def templates(*macros: str) -> Templates:
    """Macro files `macros/1.sql`, `macros/2.sql` and so on, which must be right."""
    bag = Bag()
    made = Templates([Source(f"macros/{n}.sql", text) for n, text in enumerate(macros, 1)], bag)
    assert not list(bag)
    return made


def render(text: str, *macros: str, **names: Any) -> LineMap:
    bag = Bag()
    names = {"project_name": "avatar_data", **names}
    lines = templates(*macros).render(Source("models/a.sql", text), names, bag)
    assert lines is not None, list(bag)
    assert lines.rendered.count("\n") + 1 == len(lines.lines)
    return lines


def numbered(lines: LineMap) -> list[tuple[int, str]]:
    """The lines that are not blank, each with the template's line it came from."""
    texts = zip(lines.lines, lines.rendered.split("\n"), strict=True)
    return [(number, text.strip()) for number, text in texts if text.strip()]


def mistakes(text: str, *macros: str, **names: Any) -> list[Diagnostic]:
    """What is wrong with a template that does not render."""
    bag = Bag()
    assert templates(*macros).render(Source("models/a.sql", text), names, bag) is None
    return bag.sorted()


def mistake(text: str, *macros: str, **names: Any) -> Diagnostic:
    (found,) = mistakes(text, *macros, **names)
    return found


def body(text: str, *macros: str, engine: str | None = None, **others: Any) -> query.ReadBody:
    """A body that can be read without any complaint."""
    bag = Bag()
    made = templates(*macros)
    read = query.read_body(
        Source("models/a.sql", text), templates=made, settings=settings(**others), bag=bag, engine=engine
    )
    assert read is not None, list(bag)
    assert not list(bag)
    return read


def complaints(text: str, *macros: str, **others: Any) -> list[Diagnostic]:
    """What is said about a body, its outputs checked too."""
    bag = Bag()
    made = templates(*macros)
    read = query.read_body(Source("models/a.sql", text), templates=made, settings=settings(**others), bag=bag)
    if read is not None:
        query.check_outputs(read.body, bag)
    return bag.sorted()


def complaint(text: str, *macros: str, **others: Any) -> Diagnostic:
    (found,) = complaints(text, *macros, **others)
    return found


def shown(item: Diagnostic) -> tuple[str, str, str]:
    """The code, the place and the text there."""
    return item.code, str(item.primary.span), item.primary.span.text


def word(text: str, *, line: str = 'where: "{}"') -> Word:
    """A text in a YAML file."""
    source = Source("models/a.yml", line.format(text) + "\n")
    start = source.text.find(text)
    return Word(text, Span(source, start, start + len(text)))
