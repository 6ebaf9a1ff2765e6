"""The names that a template sees: they record what a body refers to, and execute nothing.

One `Recorder` belongs to one body. `ref` and `source` give placeholders, which are safe SQL
identifiers; what they stand for is decided long after.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from metasql.diagnostics import Bag, candidates, suggest
from metasql.parse import functions, sites
from metasql.parse.declarations import Ref
from metasql.parse.functions import THIS as THIS
from metasql.parse.functions import Settings as Settings
from metasql.parse.functions import Values as Values
from metasql.parse.sites import Refusal
from metasql.source import NOWHERE, Span, Word, span_of

PLACEHOLDER = re.compile(r"__metasql_(?:ref|source)_\d+\b")


class Config:
    """`config(...)` at the head of a body, and `config.get(name)`."""

    _shown = "`config`"

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.span: Span = NOWHERE

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        if args and not (len(args) == 1 and isinstance(args[0], Mapping) and not kwargs):
            raise Refusal(
                "MS0323", "`config` takes arguments by name", subject="config", help="write `config(name=value)`"
            )
        span = _call_span("config")
        self.span = span if self.span is NOWHERE else self.span
        given = args[0] if args else kwargs
        self.values.update({str(name): _worded(value, span) for name, value in given.items()})
        return ""

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)


class Recorder(Values):
    """What one body refers to, as its template is rendered."""

    def __init__(self, settings: Settings, bag: Bag, engine: str | None = None) -> None:
        super().__init__(settings)
        self.config = Config()
        self.asked = functions.Asked()
        self._bag = bag
        self._engine = engine or (settings.target.type if settings.target else "duckdb")
        self._refs: dict[tuple[str, ...], Ref] = {}

    @property
    def dialect(self) -> str:
        return self._settings.project.dialect

    @property
    def refs(self) -> tuple[Ref, ...]:
        return tuple(self._refs.values())

    def names(self) -> dict[str, Any]:
        return {
            **super().names(),
            "ref": self.ref,
            "source": self.source,
            "config": self.config,
            "this": functions.This(),
            "adapter": functions.Adapter(self._settings, self._engine, self.asked),
            "target": functions.Target(self._settings, self.asked),
            "exceptions": functions.Exceptions(self._bag),
            "execute": functions.Execute(self._settings.run_query is not None, self.asked),
            "run_query": self.run_query,
            "is_incremental": functions.is_incremental,
            "log": functions.log,
            "return": functions.give_back,
            "zip": functions.zip_lists,
        }

    def ref(self, *args: Any, **kwargs: Any) -> str:
        """The placeholder of a feature or seed: `ref('key')` or `ref('project', 'key')`."""
        texts = _texts("MS0320", "ref", args, kwargs, 1, 2, "a feature's key: `ref('video/full')`")
        key = texts[-1]
        if len(texts) == 2 and texts[0] != self._settings.project.name:
            key = Word(f"{texts[0]}:{key}", _place_of(key))
        return self._record(("ref", key), key, None)

    def source(self, *args: Any, **kwargs: Any) -> str:
        """The placeholder of a declared source table: `source('raw', 'videos')`."""
        texts = _texts("MS0322", "source", args, kwargs, 2, 2, "a source and a table: `source('raw', 'videos')`")
        name, table = texts
        known = self._settings.sources
        if (name, table) not in known:
            _unknown_source(name, table, known, self._bag)
        return self._record(("source", name, table), name, table)

    def _record(self, key: tuple[str, ...], name: str, table: str | None) -> str:
        found = self._refs.get(key)
        if found is None:
            kind: Any = key[0]
            placeholder = f"__metasql_{kind}_{len(self._refs)}"
            second = None if table is None else Word(table, _place_of(table))
            found = self._refs[key] = Ref(kind, Word(name, _place_of(name)), second, placeholder)
        return found.placeholder

    def run_query(self, sql: str) -> functions.Rows:
        self.asked.data = True
        run, relation = self._settings.run_query, self._settings.relation
        if run is None:
            raise Refusal(
                "MS0221",
                "`run_query` runs only while a feature is run, not while its template is read",
                subject="run_query",
                help="put it under `{% if execute %}`, with an `{% else %}` that needs no data",
            )
        text = str(sql)
        if relation is not None:
            names = {ref.placeholder: relation(ref) for ref in self.refs}
            text = PLACEHOLDER.sub(lambda found: names.get(found[0], found[0]), text)
        try:
            return functions.Rows(run(text))
        except Exception as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise Refusal("MS0225", f"the query of `run_query` fails: {first}", subject="run_query") from error


def _texts(
    code: str, function: str, args: Sequence[Any], kwargs: Mapping[str, Any], least: int, most: int, wanted: str
) -> list[str]:
    """The arguments of `ref` or `source`, which are texts and nothing else."""
    wrong = [value for value in args if not isinstance(value, str) or not value.strip()]
    if kwargs or wrong or not least <= len(args) <= most:
        shown = f"argument `{next(iter(kwargs))}`" if kwargs else f"{len(args)} arguments"
        if wrong:
            shown = "an empty text" if isinstance(wrong[0], str) else f"a value of type {type(wrong[0]).__name__}"
        raise Refusal(code, f"`{function}` cannot take {shown}", subject=function, help=f"give it {wanted}")
    return list(args)


def _unknown_source(name: str, table: str, known: Mapping[tuple[str, str], str], bag: Bag) -> None:
    tables = [one for source, one in known if source == name]
    if tables:
        message = f"the source `{name}` has no table `{table}`"
        note, near, span = f"its tables: {candidates(tables)}", suggest(table, tables), _place_of(table)
    else:
        names = {source for source, _ in known}
        message = f"the source `{name}` is not declared"
        note, near, span = f"declared sources: {candidates(names)}", suggest(name, names), _place_of(name)
    bag.error("MS0324", message, span, notes=[note], help=near or "declare it under `sources` in a YAML file")


def _place_of(text: str) -> Span:
    """Where a text was written: it may know, or stand between quotes in the calling template."""
    own = span_of(text)
    return own if own is not NOWHERE else sites.place(sites.running(), text, quoted=True) or NOWHERE


def _call_span(function: str) -> Span:
    """The call of a function in the body itself, from its name to its closing parenthesis."""
    running = sites.running()
    if not running:
        return NOWHERE
    name = sites.find(running[-1], function)
    if name is None:
        return running[-1].span
    text = name.source.text
    ends = [at for at in (text.find("}}", name.end), text.find("%}", name.end)) if at >= 0]
    close = text.rfind(")", name.end, min(ends, default=len(text)))
    return name if close < 0 else Span(name.source, name.start, close + 1)


def _worded(value: Any, span: Span) -> Any:
    """A value of `config`, its texts with their places where they stand there literally."""
    if isinstance(value, str):
        found = re.compile(rf"(['\"])({re.escape(value)})\1").search(span.source.text, span.start, span.end)
        return Word(str(value), Span(span.source, found.start(2), found.end(2)) if found else span)
    if isinstance(value, Mapping):
        return {_worded(key, span): _worded(item, span) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_worded(item, span) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    str(value)  # an unknown name says so here
    raise Refusal("MS0323", f"`config` cannot take a value of type {type(value).__name__}", subject="config")
