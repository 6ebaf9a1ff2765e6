"""Texts and patterns, carried to ClickHouse: in characters, not in bytes, and with DuckDB's NULLs."""

from __future__ import annotations

from sqlglot import exp

from metasql.lower.carry import Carrier, RefusedError, Rule, literal, sql, written
from metasql.lower.carry_casts import as_text, is_text


def _text_literal(node: exp.Expr | None, what: str) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise RefusedError(f"{what} must be written out here")
    return str(node.this)


def _text(text: str) -> exp.Expr:
    return exp.Literal.string(text)


def concat(carrier: Carrier, node: exp.Concat) -> exp.Expr:
    """NULLs are left out."""
    parts = [
        item if isinstance(item, exp.Literal) and item.is_string else sql("ifNull(:a, '')", as_text(carrier, item))
        for item in node.expressions
    ]
    return exp.Anonymous(this="concat", expressions=parts if len(parts) > 1 else [*parts, _text("")])


def concat_ws(carrier: Carrier, node: exp.ConcatWs) -> exp.Expr:
    """NULLs are left out, and their separators with them."""
    separator, *rest = node.expressions
    given = _text_literal(separator, "the separator")
    texts = exp.Array(expressions=[sql("toNullable(:a)", as_text(carrier, item)) for item in rest])
    return sql("arrayStringConcat(arrayFilter(metasql_x -> metasql_x IS NOT NULL, :a), :b)", texts, _text(given))


def joined(carrier: Carrier, node: exp.DPipe) -> exp.Expr:
    """NULL when either side is."""
    for side in (node.this, node.expression):
        if isinstance(side.unnest(), (exp.Array, exp.ArrayAgg)):
            raise RefusedError("lists cannot be joined")
    return exp.DPipe(this=as_text(carrier, node.this), expression=as_text(carrier, node.expression), safe=True)


def trim(carrier: Carrier, node: exp.Trim) -> exp.Expr:
    """Without characters to take away, every space of Unicode is one."""
    what = node.args.get("expression")
    inner = "\\p{Zs}" if what is None else _one_of(_text_literal(what, "what is taken away"))
    position = str(node.args.get("position") or "BOTH").upper()
    start, end = f"^{inner}+", f"{inner}+$"
    pattern = {"LEADING": start, "TRAILING": end}.get(position, f"{start}|{end}")
    return sql("replaceRegexpAll(:a, :b, '')", carrier.tree(node.this), _text(pattern))


def _one_of(characters: str) -> str:
    """A pattern for one of some characters."""
    return "[" + "".join(f"\\x{{{ord(character):X}}}" for character in characters) + "]"


def substring(carrier: Carrier, node: exp.Substring) -> exp.Expr:
    start = node.args.get("start")
    length = node.args.get("length")
    if isinstance(length, exp.Neg) or isinstance(start, exp.Neg):
        raise RefusedError("a substring from the end, or of a negative length, is not found alike")
    parts = carrier.all([node.this, start, length])
    if isinstance(start, exp.Literal) and int(start.this) > 0:
        return sql("substringUTF8(:a, :b, :c)" if length is not None else "substringUTF8(:a, :b)", *parts)
    if length is None:
        return sql("substringUTF8(:a, greatest(:b, 1))", *parts)
    return sql("substringUTF8(:a, greatest(:b, 1), greatest(:b + :c - greatest(:b, 1), 0))", *parts)


def length(carrier: Carrier, node: exp.Length) -> exp.Expr:
    if isinstance(node.this, (exp.Array, exp.ArrayAgg, exp.Split)):
        raise RefusedError("the length of a list is not told alike where the list is NULL")
    return sql("toInt64(lengthUTF8(:a))", carrier.tree(node.this))


def upper(carrier: Carrier, node: exp.Upper) -> exp.Expr:
    return sql("upperUTF8(replaceAll(:a, 'ß', 'ẞ'))", carrier.tree(node.this))


def lower(carrier: Carrier, node: exp.Lower) -> exp.Expr:
    return sql("lowerUTF8(replaceAll(replaceAll(:a, 'Σ', 'σ'), 'İ', 'i'))", carrier.tree(node.this))


def padded(carrier: Carrier, node: exp.Pad) -> exp.Expr:
    name = "leftPadUTF8" if node.args.get("is_left") else "rightPadUTF8"
    fill = node.args.get("fill_pattern")
    if fill is not None and not _text_literal(fill, "the padding"):
        raise RefusedError("there is nothing to pad with")
    return exp.Anonymous(this=name, expressions=carrier.all([node.this, node.expression, fill]))


def split_part(carrier: Carrier, node: exp.SplitPart) -> exp.Expr:
    if not _text_literal(node.args.get("delimiter"), "the delimiter"):
        raise RefusedError("an empty delimiter splits nothing alike")
    parts = carrier.all([node.this, node.args["delimiter"], node.args["part_index"]])
    return sql("if(:a IS NULL, NULL, arrayElement(splitByString(:b, assumeNotNull(:a)), :c))", *parts)


_FLAGS = {"i": "(?i)", "s": "(?s)", "m": "(?m)", "c": ""}


def _pattern(node: exp.Expr, *, flags: str = "", whole: bool = False) -> exp.Expr:
    """A pattern in which `.` is not a line end, as it is in ClickHouse."""
    text = _text_literal(node, "a pattern")
    prefix = "(?-s)"
    for flag in flags:
        if flag not in _FLAGS:
            raise RefusedError(f"the option `{flag}` of a pattern is not known")
        prefix += _FLAGS[flag]
    return _text(f"{prefix}^(?:{text})$" if whole else f"{prefix}{text}")


def _flags(node: exp.Expr | None) -> str:
    return "" if node is None else _text_literal(node, "an option")


def matches(carrier: Carrier, node: exp.RegexpLike) -> exp.Expr:
    pattern = _pattern(node.expression, flags=_flags(node.args.get("flag")))
    return sql("match(:a, :b)", carrier.tree(node.this), pattern)


def full_match(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    pattern = _pattern(node.expression, flags=_flags(node.args.get("options")), whole=True)
    return sql("match(:a, :b)", carrier.tree(node.this), pattern)


def extract(carrier: Carrier, node: exp.RegexpExtract) -> exp.Expr:
    group = node.args.get("group")
    number = literal(group, "the number of the group") if group is not None else "0"
    if not number.isdigit():
        raise RefusedError("groups are told by their number alone")
    pattern = _pattern(node.expression, flags=_flags(node.args.get("parameters")))
    return sql(f"regexpExtract(:a, :b, {number})", carrier.tree(node.this), pattern)


def replaced(carrier: Carrier, node: exp.RegexpReplace) -> exp.Expr:
    flags = _flags(node.args.get("modifiers"))
    name = "replaceRegexpAll" if "g" in flags else "replaceRegexpOne"
    pattern = _pattern(node.expression, flags=flags.replace("g", ""))
    by = _text(_text_literal(node.args.get("replacement"), "the replacement"))
    return exp.Anonymous(this=name, expressions=[carrier.tree(node.this), pattern, by])


def like(carrier: Carrier, node: exp.Expr) -> exp.Expr:
    return _like(carrier, node, None)


def escaped(carrier: Carrier, node: exp.Escape) -> exp.Expr:
    if not isinstance(node.this, (exp.Like, exp.ILike)):
        raise RefusedError("ESCAPE belongs to LIKE")
    return _like(carrier, node.this, _text_literal(node.expression, "the escape character"))


def _like(carrier: Carrier, node: exp.Expr, escape: str | None) -> exp.Expr:
    """In ClickHouse the backslash escapes; in DuckDB nothing does unless it is said."""
    given = node.expression
    if isinstance(given, exp.Literal) and given.is_string:
        pattern: exp.Expr = _text(_unescaped(given.this, escape))
    elif escape is not None:
        raise RefusedError("with ESCAPE the pattern must be written out here")
    else:
        pattern = sql(r"replaceAll(:a, '\\', '\\\\')", carrier.tree(given))
    value = carrier.tree(node.this)
    if isinstance(node, exp.ILike):
        value, pattern = sql("lowerUTF8(:a)", value), sql("lowerUTF8(:a)", pattern)
    made: exp.Expr = exp.Like(this=value, expression=pattern)
    return exp.Not(this=made) if node.args.get("negate") else made


def _unescaped(pattern: str, escape: str | None) -> str:
    made, rest = "", iter(pattern)
    for character in rest:
        if character == escape:
            made += "\\" + next(rest, "")
        else:
            made += "\\\\" if character == "\\" else character
    return made


def md5(carrier: Carrier, node: exp.MD5) -> exp.Expr:
    return sql("lower(hex(MD5(:a)))", as_text(carrier, node.this))


def sha256(carrier: Carrier, node: exp.SHA2) -> exp.Expr:
    if literal(node.args.get("length"), "the length") != "256":
        raise RefusedError("there is md5, sha1 and sha256")
    return sql("lower(hex(SHA256(:a)))", as_text(carrier, node.this))


def contains(carrier: Carrier, node: exp.Contains) -> exp.Expr:
    if not is_text(node.expression) and not isinstance(node.expression, exp.Column):
        raise RefusedError("`contains` is there for texts alone; of a list use `list_contains`")
    return sql("position(:a, :b) > 0", *carrier.all([node.this, node.expression]))


def replace(carrier: Carrier, node: exp.Replace) -> exp.Expr:
    names = ("this", "expression", "replacement")
    return exp.Anonymous(this="replaceAll", expressions=carrier.all([node.args.get(name) for name in names]))


TEXTS: dict[type[exp.Expr], Rule] = {
    exp.Lower: lower,
    exp.Upper: upper,
    exp.Length: length,
    exp.Substring: substring,
    exp.Left: written("leftUTF8(:a, :b)"),
    exp.Right: written("rightUTF8(:a, :b)"),
    exp.Trim: trim,
    exp.Replace: replace,
    exp.Translate: written("translateUTF8(:a, :b, :c)", "this", "from_", "to"),
    exp.Concat: concat,
    exp.ConcatWs: concat_ws,
    exp.DPipe: joined,
    exp.Contains: contains,
    exp.StartsWith: written("startsWith(:a, :b)"),
    exp.EndsWith: written("endsWith(:a, :b)"),
    exp.StrPosition: written("toInt64(positionUTF8(:a, :b))", "this", "substr"),
    exp.Pad: padded,
    exp.Repeat: written("repeat(:a, :b)", "this", "times"),
    exp.SplitPart: split_part,
    exp.RegexpLike: matches,
    exp.RegexpFullMatch: full_match,
    exp.SimilarTo: full_match,
    exp.RegexpExtract: extract,
    exp.RegexpReplace: replaced,
    exp.Like: like,
    exp.ILike: like,
    exp.Escape: escaped,
    exp.MD5: md5,
    exp.SHA: written("lower(hex(SHA1(:a)))", "this"),
    exp.SHA2: sha256,
}
TEXT_FUNCTIONS = {
    "prefix": "startsWith(:a, :b)",
    "suffix": "endsWith(:a, :b)",
    "strlen": "toInt64(length(:a))",
}
