"""SQL text to trees, with designed errors at the exact place. The only file that parses SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel, ParseError, TokenError

from metasql.diagnostics import Bag
from metasql.parse.depth import too_deep
from metasql.source import LineMap, Span, Word

_E = TypeVar("_E", bound=exp.Expr)

_BEGINS = frozenset({TokenType.SELECT, TokenType.WITH, TokenType.FROM, TokenType.L_PAREN})
_CHANGES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Into)
_OPENERS = re.compile(r"'|\"|`|/\*|--|\$\w*\$")
_UNEXPECTED = "Invalid expression / Unexpected token"


@dataclass(frozen=True)
class _Text:
    """A text to parse, and the way to where it was written."""

    text: str
    place: Callable[[int, int], Span]
    notes: Callable[[int], list[str]]
    what: str


def split_statements(text: str, dialect: str) -> list[str]:
    """The statements of a script as they are written, without what ends them; comments alone are none."""
    try:
        tokens = Dialect.get_or_raise(dialect).tokenize(text)
    except TokenError:
        return [text]  # the engine says what is wrong with it
    ends = [token for token in tokens if token.token_type == TokenType.SEMICOLON]
    starts = [0, *(token.end + 1 for token in ends)]
    parts = zip(starts, [*(token.start for token in ends), len(text)], strict=True)
    held = [token.start for token in tokens if token.token_type != TokenType.SEMICOLON]
    return [text[start:end].strip() for start, end in parts if any(start <= place < end for place in held)]


def parse_query(lines: LineMap, dialect: str, bag: Bag, *, what: str = "a body") -> exp.Query | None:
    """The one SELECT of a rendered text; anything else is an error."""

    def notes(offset: int) -> list[str]:
        rendered = lines.rendered[lines.rendered.rfind("\n", 0, offset) + 1 :].split("\n")[0].strip()
        template = lines.span(offset, offset).source.line_span(lines.span(offset, offset).line).text
        return [] if rendered == template.strip() else [f"the line reads, rendered: {rendered}"]

    written = _Text(lines.rendered, lines.span, notes, what)
    tokens = _tokens(written, dialect, bag)
    if tokens is None or not _is_one_select(tokens, written, bag):
        return None
    trees = _parse(written, tokens, dialect, None, bag)
    if trees is None:
        return None
    return _checked(trees[0], tokens, written, bag)


def parse_expression(word: Word, dialect: str, bag: Bag) -> exp.Expr | None:
    """One scalar or aggregate expression: no statement, no subquery, no alias."""
    tree = _one(word, dialect, exp.Condition, "an expression", bag)
    if tree is None:
        return None
    query = tree.find(exp.Query)
    if query is not None:
        help = "carry the column into the feature with a dependency, or filter in a SQL body"
        at = max(str(word).lower().rfind("select", 0, _stretch(query)[0]), 0)
        bag.error("MS0238", "a subquery cannot stand here", _in_word(word, at, at + len("select")), help=help)
        return None
    open_ = tree.find(exp.Placeholder, exp.Parameter)
    if open_ is not None:
        help = "write the value, or `{{ var('name') }}`"
        bag.error("MS0237", "a parameter stands here, and nothing gives it a value", word.span, help=help)
        return None
    if isinstance(tree, exp.Star):
        bag.error("MS0237", "`*` is not an expression", word.span, help="name the column")
        return None
    return tree


def parse_type(word: Word, dialect: str, bag: Bag) -> exp.DataType | None:
    """A type in the words of a dialect: `text`, `decimal(10, 2)`, `int[]`."""
    found = Bag()
    tree = _one(word, dialect, exp.DataType, "a type", found)
    if isinstance(tree, exp.DataType) and not any(_is_no_type(part) for part in tree.find_all(exp.DataType)):
        return tree
    help = f"use a type of {dialect}: text, int, bigint, double, boolean, date, timestamp, decimal(10, 2), ..."
    bag.error("MS0239", f"`{word}` is not a type of {dialect}", word.span, help=help)
    return None


def _is_no_type(tree: exp.DataType) -> bool:
    """What is parsed as a type and can be no column's: NULL, a decimal of too many digits."""
    sizes = [int(size.name) for size in tree.expressions if isinstance(size, exp.DataTypeParam) and size.name.isdigit()]
    if tree.this is exp.DataType.Type.DECIMAL and sizes:
        return not 1 <= sizes[0] <= _DIGITS or (len(sizes) > 1 and sizes[1] > sizes[0])
    return tree.this in (exp.DataType.Type.NULL, exp.DataType.Type.OBJECT)


_DIGITS = 38
"""The most digits that a decimal has in every engine."""


def column_text(name: str, dialect: str) -> str:
    """A column's name as SQL, between quotes as it may be a keyword. An expression stays as it is."""
    return exp.to_identifier(name, quoted=True).sql(dialect) if name.isidentifier() else name


def _one(word: Word, dialect: str, into: type[exp.Expr], what: str, bag: Bag) -> exp.Expr | None:
    """The only tree of a text from YAML."""
    written = _Text(str(word), lambda start, end: _in_word(word, start, end), lambda _: [], what)
    tokens = _tokens(written, dialect, bag)
    if tokens is None:
        return None
    if not tokens:
        bag.error("MS0237", f"this is empty, where {what} is wanted", word.span, help="write one, or leave the key out")
        return None
    several = next((token for token in tokens if token.token_type is TokenType.SEMICOLON), None)
    if several is not None:
        place = written.place(several.start, several.end + 1)
        bag.error("MS0237", f"{what} is wanted here, not a statement", place, help="leave out the semicolon")
        return None
    trees = _parse(written, tokens, dialect, into, bag)
    return None if trees is None else trees[0]


def _in_word(word: Word, start: int, end: int) -> Span:
    """The place of a stretch of a text from YAML, whatever its quotes and folding."""
    span, part = word.span, str(word)[start:end]
    at = span.text.find(str(word))
    if at >= 0:
        return Span(span.source, span.start + at + start, span.start + at + end)
    return span.find(part) if part.strip() else span


def place_in(word: Word, node: exp.Expr) -> Span:
    """The place of a node of an expression, in the text from YAML that it was parsed from."""
    if isinstance(node, exp.Window):
        node = node.this
    if isinstance(node, exp.Func):
        names = "|".join(re.escape(name) for name in node.sql_names())
        found = re.search(rf"\b(?:{names})(?=\s*\()", word, re.IGNORECASE)
        if found is not None:
            return _in_word(word, *found.span())
    return _in_word(word, *_stretch(node)) if _has_place(node) else word.span


def _tokens(written: _Text, dialect: str, bag: Bag) -> list[Token] | None:
    try:
        return list(Dialect.get_or_raise(dialect).tokenize(written.text))
    except TokenError:
        start, opener = _unclosed(written.text)
        what = {"'": "text", '"': "name", "`": "name", "/*": "comment"}.get(opener, "text")
        place = written.place(start, start + len(opener))
        message = f"the {what} that begins here is never closed"
        bag.error("MS0230", message, place, notes=written.notes(start), help=f"close it with `{_closer(opener)}`")
        return None


def _closer(opener: str) -> str:
    return "*/" if opener == "/*" else opener


def _unclosed(text: str) -> tuple[int, str]:
    """Where the text, name or comment begins that is never closed."""
    at = 0
    while (found := _OPENERS.search(text, at)) is not None:
        opener = found[0]
        if opener == "--":
            at = text.find("\n", found.end())
        else:
            at = text.find(_closer(opener), found.end())
            if at < 0:
                return found.start(), opener
            at += len(opener)
        if at < 0:
            break
    return 0, text[:1]


def _is_one_select(tokens: list[Token], written: _Text, bag: Bag) -> bool:
    """Whether the tokens begin as a SELECT and go on to the end without another statement."""
    if all(token.token_type is TokenType.SEMICOLON for token in tokens):
        bag.error("MS0232", f"{written.what} is empty", written.place(0, 0), help="write a SELECT")
        return False
    first = tokens[0]
    if first.token_type not in _BEGINS:
        place = written.place(first.start, first.end + 1)
        message = f"{written.what} is one SELECT, and this begins with `{first.text}`"
        help = "leave creating and writing tables to metasql; put other statements into `pre_hook` or `post_hook`"
        bag.error("MS0234", message, place, notes=written.notes(first.start), help=help)
        return False
    ended = False
    for token in tokens:
        if ended and token.token_type is not TokenType.SEMICOLON:
            place = written.place(token.start, token.end + 1)
            help = "leave out what follows the first statement"
            bag.error("MS0233", f"{written.what} is one SELECT, and a second statement begins here", place, help=help)
            return False
        ended = ended or token.token_type is TokenType.SEMICOLON
    return True


def _checked(tree: exp.Expr, tokens: list[Token], written: _Text, bag: Bag) -> exp.Query | None:
    """The tree, when it selects and does nothing else."""
    change = tree.find(*_CHANGES)
    if change is not None or not isinstance(tree, exp.Query):
        kind = (change or tree).key
        token = next((token for token in tokens if token.text.lower() == kind), tokens[0])
        place = written.place(token.start, token.end + 1)
        message = f"{written.what} is one SELECT, and this is {kind.upper()}"
        bag.error("MS0234", message, place, help="leave creating and writing tables to metasql")
        return None
    if tree.find(exp.Placeholder, exp.Parameter) is not None:
        signs = (TokenType.PLACEHOLDER, TokenType.PARAMETER, TokenType.COLON)
        token = next((token for sign in signs for token in tokens if token.token_type is sign), tokens[0])
        place = written.place(token.start, token.end + 1)
        help = "write the value, or `{{ var('name') }}`"
        bag.error("MS0230", "SQL: a parameter stands here, and nothing gives it a value", place, help=help)
        return None
    for select in tree.find_all(exp.Select):
        if not select.expressions:
            selects = [token for token in tokens if token.token_type is TokenType.SELECT]
            before = [token for token in selects if not _has_place(select) or token.start < _stretch(select)[0]]
            token = (before or selects or tokens)[-1]
            place = written.place(token.start, token.end + 1)
            bag.error("MS0230", "this SELECT names no columns", place, help="name its columns")
            return None
    return tree


def _parse(
    written: _Text, tokens: list[Token], dialect: str, into: type[exp.Expr] | None, bag: Bag
) -> list[exp.Expr] | None:
    """The trees of a text. The first mistake is reported: those after it are its echo."""
    deep = too_deep(tokens)
    if deep is not None:
        token, what = deep
        place = written.place(token.start, token.end + 1)
        help = "name its parts with WITH, or split it into features"
        bag.error("MS0230", f"{written.what} {what} here", place, notes=written.notes(token.start), help=help)
        return None
    parser = Dialect.get_or_raise(dialect).parser(error_level=ErrorLevel.RAISE)
    try:
        trees: list[Any] = (
            parser.parse(tokens, written.text) if into is None else parser.parse_into(into, tokens, written.text)
        )
    except ParseError as error:
        _report(error.errors[0] if error.errors else {}, written, bag)
        return None
    found = [tree for tree in trees if tree is not None]
    return found or None


def _report(error: dict[str, Any], written: _Text, bag: Bag) -> None:
    word = str(error.get("highlight") or "")
    start = _offset(error, word, written.text)
    place = written.place(start, start + len(word))
    near = f"`{word}`" if word else "the end"
    description = str(error.get("description") or _UNEXPECTED)
    expecting = re.match(r"(?:Expecting|Expected) ([^<]*?)(?: but got.*)?$", description, re.DOTALL)
    if description == _UNEXPECTED:
        message = f"`{word}` is not expected here"
    elif description.startswith("Required keyword"):
        message = f"an expression is missing at {near}"
    elif expecting is not None and re.fullmatch(r"\W+|[A-Z]+", expecting[1]):
        message = f"`{expecting[1]}` is expected at {near}"
    elif expecting is not None:
        message = f"a {expecting[1]} is expected at {near}"
    else:
        message = re.sub(r"<[^>]*>", "it", description).rstrip(".")
        message = f"{message[:1].lower()}{message[1:]} at {near}"
    help = "check the text before this place: a comma, a parenthesis, a keyword"
    bag.error("MS0230", f"SQL: {message}", place, notes=written.notes(start), help=help)


def _offset(error: dict[str, Any], word: str, text: str) -> int:
    """Where the word of an error begins: its column is that of its last character."""
    lines = text.split("\n")
    line = max(1, min(int(error.get("line") or 1), len(lines)))
    start = sum(len(one) + 1 for one in lines[: line - 1]) + int(error.get("col") or 1) - len(word)
    if text[start : start + len(word)] == word:
        return start
    before = str(error.get("start_context") or "")
    return max(0, text.find(before + word)) + len(before)


def _has_place(node: exp.Expr) -> bool:
    return any("start" in inner.meta for inner in node.walk())


def _stretch(node: exp.Expr) -> tuple[int, int]:
    """The first token of a node that knows its place; a column with its table's name."""
    places = [(inner.meta["start"], inner.meta["end"] + 1) for inner in node.walk() if "start" in inner.meta]
    if not places:
        return 0, 0
    if isinstance(node, exp.Column):
        return min(places)[0], max(places)[1]
    return min(places)


def span_of(lines: LineMap, node: exp.Expr) -> Span:
    """The place of a node of a rendered text, in its template.

    A node that knows no place, having been made of keywords alone, is shown with its parent.
    """
    known: exp.Expr | None = node
    while known is not None and not _has_place(known):
        known = known.parent
    return lines.template.line_span(1) if known is None else lines.span(*_stretch(known))
