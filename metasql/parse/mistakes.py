"""What is said about mistakes in templates: the words, apart from the machinery that finds them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from metasql.diagnostics import Bag, Diagnostic, Label, candidates, suggest
from metasql.parse.sites import Refusal, Site, find
from metasql.source import Source, Span

RESERVED = frozenset(
    """adapter config env_var exceptions execute fromjson is_incremental log project_name ref return run_query
    source target this tojson var zip range dict namespace cycler joiner caller varargs kwargs loop""".split()  # noqa: SIM905
)
"""Names that no macro may take: they mean something in every template."""

NOT_HERE = {
    "invocation_id": "a body must give the same SQL each time it is read",
    "run_started_at": "a body must give the same SQL each time it is read",
    "modules": "Python modules cannot be reached from a template",
    "graph": "a template cannot see the graph; name what it needs with `ref`",
    "model": "a template cannot see its own declaration; pass what it needs as a macro's argument",
    "builtins": "call `ref`, `source` and `config` by their names",
    "statement": "use `run_query` under `{% if execute %}`",
    "load_result": "use the value that `run_query` gives",
    "super": "templates do not inherit from one another",
    "self": "templates do not inherit from one another",
    "lipsum": "a body must give the same SQL each time it is read",
}
"""Names that people know from elsewhere, and what to do without them."""

TAGS = {
    "include": "put the text into a macro of its own and call it",
    "import": "macros of all macro files are available as they are",
    "from": "macros of all macro files are available as they are",
    "extends": "put what is shared into a macro and call it",
    "block": "put what is shared into a macro and call it",
    "materialization": "metasql has no materializations; say what is special with `pre_hook` and `post_hook`",
    "snapshot": "every feature can keep its history: set `history: true`",
    "docs": "write the text into `description`",
    "autoescape": "SQL is never escaped as HTML; leave the tag out",
}
"""Tags that are not available, and what to do without them."""

_RUNNERS = ("metasql.parse.template", "metasql.parse.bounds")
"""Where a template's own operations are carried out: an exception there is the template's."""

_KNOWN_TAGS = ["for", "if", "elif", "else", "set", "macro", "call", "filter", "do", "test", "raw", "with", "print"]

_ENDS = (("}}", "end of print statement"), ("%}", "end of statement block"))


def syntax(text: str, site: Site, known: Mapping[str, Collection[str]], bag: Bag) -> None:
    """A template that cannot be parsed; `known` are the names of filters and of tests."""
    for ours, theirs in _ENDS:
        text = text.replace(theirs, ours)
    text = re.sub(r" at \d+$", "", text.rstrip(".")).replace("'", "`")
    unknown = re.match(r"No (filter|test) named `(\w+)`", text)
    help = suggest(unknown[2], known[unknown[1]]) if unknown is not None else None
    tag = re.match(r"Encountered unknown tag `(\w+)`", text)
    help = suggest(tag[1], _KNOWN_TAGS) if tag is not None else help
    quoted = re.findall(r"`([^`]+)`", text)
    spans = [span for part in quoted[::-1] if (span := find(site, part)) is not None]
    bag.error("MS0210", text[:1].lower() + text[1:], spans[0] if spans else site.span, help=help)


def unsupported_tag(tag: str, site: Site, bag: Bag) -> None:
    bag.error("MS0223", f"the tag `{{% {tag} %}}` is not available", find(site, tag) or site.span, help=TAGS[tag])


def unclosed_tag(tag: str, site: Site, bag: Bag) -> None:
    message = f"the tag `{{% {tag} %}}` is never closed"
    bag.error("MS0210", message, find(site, tag) or site.span, help=f"close it with `{{% end{tag} %}}`")


def too_deep(source: Source, bag: Bag) -> None:
    message = "this template is nested too deeply"
    bag.error("MS0210", message, source.line_span(1), help="move parts of it into macros")


def may_define(kind: str, name: str, site: Site, places: dict[tuple[str, str], Span], bag: Bag) -> bool:
    """Whether a macro's or test's name is free; a test of the project may replace a built-in one."""
    span = find(site, name) or site.span
    first = places.setdefault((kind, name), span)
    if kind == "macro" and name in RESERVED:
        message = f"a macro cannot be called `{name}`, which means something in every template"
        bag.error("MS0218", message, span, help="give it another name")
        return False
    if first is not span and not first.source.path.startswith("<"):
        message = f"the {kind} `{name}` is defined twice"
        bag.error("MS0218", message, span, secondary=[Label(first, "first here")], help="rename one of the two")
        return False
    places[kind, name] = span
    return True


def unknown_item(owner: Any, name: str) -> Refusal:
    """An attribute or an item that a value does not have."""
    known = [key for key in owner if isinstance(key, str)] if isinstance(owner, Mapping) else dir(owner)
    known = [key for key in known if not key.startswith("_")]
    shown = getattr(type(owner), "_shown", f"a value of type {type(owner).__name__}")
    help = suggest(name, known) or f"it has: {candidates(known)}"
    return Refusal("MS0211", f"{shown} has no `{name}`", subject=name, help=help)


def unknown_name(name: str, known: Iterable[str]) -> Refusal:
    help = NOT_HERE.get(name) or suggest(name, known) or "set it with `{% set %}`, or read it with `var`"
    return Refusal("MS0211", f"`{name}` is not defined", subject=name, help=help)


def recursion(macros: Mapping[Source, Sequence[tuple[str, int]]], sites: Sequence[Site]) -> Refusal:
    """The macros of the cycle, in the order in which they call one another."""
    names: list[str] = []
    for site in reversed(sites):
        begun = [name for name, line in macros.get(site.source, ()) if line <= site.line]
        if begun and begun[-1] in names:
            names = names[names.index(begun[-1]) :]
            break
        names.extend(begun[-1:])
    cycle = " → ".join(f"`{name}`" for name in [*names, *names[:1]])
    return Refusal(
        "MS0214", f"macros call one another without end: {cycle}", help="end the recursion with an `{% if %}`"
    )


def sandbox(text: str) -> Refusal:
    subject = re.search(r"attribute `(\w+)`", text)
    return Refusal(
        "MS0213",
        f"the sandbox refuses this: {text}",
        subject=subject[1] if subject else None,
        help="use the values and functions that templates are given",
    )


def too_many_numbers(most: int) -> Refusal:
    message = f"`range` gives more than {most:,} numbers"
    return Refusal("MS0215", message, subject="range", help="use `range()` in SQL rather than in Jinja")


def failure(text: str) -> Refusal:
    """Any other exception of an expression."""
    text = re.sub(r"^(?:[\w<>]+\.)*(\w+)\(\)", r"`\1`", text)
    return Refusal("MS0212", f"this expression fails: {text[:1].lower() + text[1:]}")


def is_own(error: Exception) -> bool:
    """Whether an exception comes out of metasql's own code rather than of what a template did."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    module = str(traceback.tb_frame.f_globals.get("__name__", "")) if traceback is not None else ""
    return module.startswith("metasql.") and module not in _RUNNERS


def report(refusal: Refusal, sites: Sequence[Site], bag: Bag) -> None:
    """An error at the innermost site that has its subject, with the calls that lead there."""
    places = [(span, site) for site in sites if refusal.subject and (span := find(site, refusal.subject)) is not None]
    span, first = places[0] if places else (sites[0].span, sites[0])
    others = sites[sites.index(first) + 1 :]
    callers = [site for site in dict.fromkeys(others) if site != first and refusal.code != "MS0214"]
    called = [Label(site.span, "called from here") for site in callers]
    bag.error(refusal.code, refusal.message, span, secondary=called, notes=refusal.notes, help=refusal.help)


def move(item: Diagnostic, source: Source, span: Span) -> Diagnostic:
    """A diagnostic about a text from YAML, at the place of that text in its file."""

    def moved(label: Label) -> Label:
        return Label(span.find(label.span.text), label.message) if label.span.source is source else label

    secondary = tuple(moved(label) for label in item.secondary)
    return Diagnostic(item.code, item.message, moved(item.primary), item.severity, secondary, item.notes, item.help)
