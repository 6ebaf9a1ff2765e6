"""Generic tests: `not_null`, `unique` and their like, made concrete as assertions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from metasql.diagnostics import Bag, Diagnostic, Label, candidates, suggest
from metasql.names import FeatureKey
from metasql.parse.built_in import BUILT_IN
from metasql.parse.context import Recorder, Settings
from metasql.parse.declarations import AssertionDecl, TestDecl
from metasql.parse.sites import Refusal, TestMacro
from metasql.parse.sql import column_text, parse_expression, parse_query
from metasql.parse.template import Templates
from metasql.source import LineMap, Word, span_of

_REF = re.compile(r"\s*(?:\{\{)?\s*ref\(\s*(['\"])(.+?)\1\s*\)\s*(?:\}\})?\s*")
_SOURCE = re.compile(r"\s*(?:\{\{)?\s*source\(\s*(['\"])(.+?)\1\s*,\s*(['\"])(.+?)\3\s*\)\s*(?:\}\})?\s*")


def test_name(test: TestDecl, feature_key: str) -> str:
    """The name of a generic test: `not_null__video__full__path`, and a digest of its arguments."""
    parts = [test.name, FeatureKey(feature_key).relation, *([test.column] if test.column else [])]
    told: dict[str, Any] = dict(test.arguments)
    if test.where is not None:
        told["where"] = test.where
    if told:
        text = json.dumps(told, sort_keys=True, default=str, ensure_ascii=False)
        parts.append(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8])
    return "__".join(parts)


test_name.__test__ = False  # type: ignore[attr-defined]


def expand_test(
    test: TestDecl, feature_key: str, *, templates: Templates, settings: Settings, bag: Bag
) -> AssertionDecl | None:
    """The SELECT of a generic test on one feature, or None when the test is declared wrongly."""
    macro = _macro(test, templates, bag)
    if macro is None:
        return None
    found = Bag()
    recorder = Recorder(settings, found)
    arguments = _arguments(test, macro, feature_key, recorder, templates, bag)
    if arguments is None:
        return None
    names = {**recorder.names(), **arguments, **_helpers(recorder)}
    lines = templates.render_test(macro, names, found)
    tree = None if lines is None else parse_query(lines, settings.project.dialect, found, what="a generic test")
    bag.extend(_at_test(item, test.name) for item in found)
    if lines is None or tree is None or found.has_errors:
        return None
    return AssertionDecl(
        name=test_name(test, feature_key),
        path=span_of(test.name).source.path,
        text=lines.rendered,
        tree=tree,
        lines=_lines(lines, test.name),
        refs=recorder.refs,
        feature=feature_key,
        column=test.column,
        severity=test.severity,
        limit=test.limit,
        store_failures=test.store_failures,
        warn_if=test.warn_if,
        error_if=test.error_if,
        asked=span_of(test.name),
        test=test,
    )


def _helpers(recorder: Recorder) -> dict[str, Any]:
    """What the tests' bodies can use, the built-in ones above all."""
    return {
        "literal": literal,
        "column": lambda name: column_text(str(name), recorder.dialect),
        "relation": lambda to: _relation(to if isinstance(to, str) else str(to), recorder),
        "config": _no_config,
    }


def _no_config(*args: Any, **kwargs: Any) -> None:  # noqa: ARG001
    message = "a generic test is not configured in its own body"
    help = "give `severity`, `limit` and their like where the test is declared"
    raise Refusal("MS0323", message, subject="config", help=help)


def literal(value: Any, quote: bool = True) -> str:
    """A value as SQL: texts in quotes, unless the author says that they are SQL already."""
    if value is None:
        return "null"
    if isinstance(value, (bool, int, float)) or not quote:
        return str(value).lower() if isinstance(value, bool) else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _macro(test: TestDecl, templates: Templates, bag: Bag) -> TestMacro | None:
    macro = templates.tests.get(test.name)
    if macro is None and test.name not in templates.broken:
        known = templates.tests.keys()
        bag.error(
            "MS0241",
            f"there is no generic test `{test.name}`",
            span_of(test.name),
            notes=[f"generic tests: {candidates(known)}"],
            help=suggest(test.name, known) or f"write `{{% test {test.name}(model, column_name) %}}` in a macro file",
        )
    return macro


def _arguments(
    test: TestDecl, macro: TestMacro, feature_key: str, recorder: Recorder, templates: Templates, bag: Bag
) -> dict[str, Any] | None:
    """The names that a test's body sees besides those of every template."""
    given: dict[str, Any] = {}
    for name, value in test.arguments.items():
        rendered = templates.render_value(value, recorder.names(), bag) if _has_jinja(name, value) else value
        if rendered is None:
            return None
        given[str(name)] = Word(rendered, value.span) if isinstance(value, Word) else rendered
    if test.column is not None:
        given.setdefault("column_name", str(test.column))
    if _wrong(test, macro, given, bag):
        return None
    model = _model(test, feature_key, recorder, bag)
    return None if model is None else {**given, "model": model}


def _has_jinja(name: str, value: Any) -> bool:
    """Whether an argument is to be rendered; `to: ref('key')` is read as what it is."""
    return isinstance(value, Word) and not (name == "to" and (_REF.fullmatch(value) or _SOURCE.fullmatch(value)))


def _wrong(test: TestDecl, macro: TestMacro, given: Mapping[str, Any], bag: Bag) -> bool:
    """Report arguments that are missing, unknown or of the wrong kind; whether there are any."""
    before = len(bag)
    place = span_of(test.name)
    takes = [name for name in macro.parameters if name != "model"]
    wanted = f"`{macro.name}` takes: {', '.join(takes) or 'no arguments'}"
    if "column_name" in macro.required and "column_name" not in given:
        help = "write it under a column, or give `column_name`"
        bag.error("MS0240", f"the test `{macro.name}` is about a column, and none is named", place, help=help)
    for name in macro.required:
        if name not in given and name not in {"model", "column_name"}:
            bag.error("MS0240", f"the test `{macro.name}` lacks its argument `{name}`", place, help=wanted)
    for name in given:
        if name not in takes and name != "column_name":
            help = suggest(name, takes) or wanted
            where = next((span_of(key) for key in test.arguments if key == name and isinstance(key, Word)), place)
            bag.error("MS0240", f"the test `{macro.name}` has no argument `{name}`", where, help=help)
    values = given.get("values", [0])
    listed = isinstance(values, (list, tuple)) and any(value is not None for value in values)
    if macro.span.source is BUILT_IN and not listed:
        bag.error("MS0240", "`values` is a list with at least one value", place, help="write `values: [a, b]`")
    return len(bag) > before


def _model(test: TestDecl, feature_key: str, recorder: Recorder, bag: Bag) -> str | None:
    """What stands for the feature: its placeholder, or a subquery over the rows that count."""
    placeholder = recorder.ref(Word(feature_key, span_of(test.name)))
    if test.where is None:
        return placeholder
    if parse_expression(test.where, recorder.dialect, bag) is None:
        return None
    return f"(\n  select *\n  from {placeholder}\n  where {test.where}\n)"


def _relation(to: str, recorder: Recorder) -> str:
    """The placeholder of `to`: a key, `ref('key')` or `source('raw', 'videos')`."""
    place = span_of(to)
    source = _SOURCE.fullmatch(to)
    if source is not None:
        return recorder.source(Word(source[2], place.find(source[2])), Word(source[4], place.find(source[4])))
    ref = _REF.fullmatch(to)
    key = ref[2] if ref is not None else str(to)
    return recorder.ref(Word(key, place.find(key)))


def _lines(lines: LineMap, name: Word) -> LineMap:
    """A built-in test is nobody's file: its lines are shown where the test is declared."""
    span = span_of(name)
    if lines.template is not BUILT_IN:
        return lines
    return LineMap(span.source, lines.rendered, (span.line,) * len(lines.lines))


def _at_test(item: Diagnostic, name: Word) -> Diagnostic:
    """A mistake in a test's SQL, with the place that asked for the test."""
    asked = span_of(name)
    if item.primary.span.source is BUILT_IN:
        primary, secondary = Label(asked, item.primary.message), item.secondary
    else:
        primary, secondary = item.primary, (*item.secondary, Label(asked, "asked for here"))
    others = tuple(label for label in secondary if label.span.source is not BUILT_IN)
    return Diagnostic(item.code, item.message, primary, item.severity, others, item.notes, item.help)
