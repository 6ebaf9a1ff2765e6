"""How deep a text of SQL nests, told from its tokens, before anything walks it by recursion."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import Token, TokenType

MOST = 100
"""The deepest nesting that is parsed. Hand-written SQL stays below ten; the compiled parser ends the
interpreter, without an exception, from about 2,000 on where Python does not count its calls (3.12 on)."""

MOST_SETS = 300
"""The most set operations of a text: `a UNION b UNION c` is a tree that leans to the left, one deeper for each."""

_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_PREFIX = frozenset({TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE})
_SETS = frozenset({TokenType.UNION, TokenType.INTERSECT, TokenType.EXCEPT})
_BETWEEN_CASTS = 8
"""Tokens from one `::` to the next in a chain of casts: `::DECIMAL(10, 2)::` has seven."""


def too_deep(tokens: Sequence[Token]) -> tuple[Token, str] | None:
    """The token at which a text nests more than is walked, and what it does; None where it does not."""
    depth = signs = casts = since = sets = 0
    for token in tokens:
        kind = token.token_type
        depth += (kind in _OPEN) - (kind in _CLOSE and depth > 0)
        signs = signs + 1 if kind in _PREFIX else 0
        since += 1
        if kind is TokenType.DCOLON:
            casts, since = (casts + 1 if since <= _BETWEEN_CASTS else 1), 0
        sets += kind in _SETS
        if max(depth + signs, casts) > MOST:
            return token, f"is nested more than {MOST} deep"
        if sets > MOST_SETS:
            return token, f"puts more than {MOST_SETS} queries together"
    return None
