"""Names in declarations: what each may look like, and that no list says one twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from metasql.diagnostics import Bag, Label
from metasql.names import PREFIX, is_column, is_field, is_key
from metasql.source import Word

_KEY_HELP = "use lower-case letters, digits and `_`, parts divided by `/`, beginning with a letter: `video/face_crop`"
_OTHER_PROJECT = re.compile(r"[a-z][a-z0-9_]*:")


def good_key(key: Word, bag: Bag) -> bool:
    """Whether a word can be a feature's key."""
    if is_key(key):
        return True
    bag.error("MS0300", f"`{key}` cannot be a feature's key", key.span, help=_KEY_HELP)
    return False


def good_reference(key: Word, bag: Bag) -> bool:
    """Whether a word can name a feature, of this project or of another: `other_project:key`."""
    if is_key(_OTHER_PROJECT.sub("", key, count=1)):
        return True
    help = "write the field under `fields`, or in a field's own `deps`" if "." in key else _KEY_HELP
    bag.error("MS0310", f"`{key}` does not name a feature", key.span, help=help)
    return False


def good_field(name: Word, bag: Bag) -> bool:
    """Whether a word can be a field's name."""
    if name in ("suffix", "exclude"):
        message = f"`{name}` is a word of field mappings and cannot be a field's name"
        bag.error("MS0303", message, name.span, help="choose another name")
        return False
    if is_field(name):
        return True
    help = "use letters, digits and `_`, parts divided by `/`, beginning with a letter: `audio/french`"
    bag.error("MS0303", f"`{name}` cannot be a field's name", name.span, help=help)
    return False


def good_column(name: Word, bag: Bag) -> bool:
    """Whether a word can be a column's name."""
    if is_column(name):
        return True
    if name.lower().startswith(PREFIX):
        message = f"`{name}` begins with `{PREFIX}`, which is for metasql's own columns"
        bag.error("MS0304", message, name.span, help="choose another name")
    else:
        help = "use letters, digits and `_`, and do not begin with a digit"
        bag.error("MS0304", f"`{name}` cannot be a column's name", name.span, help=help)
    return False


def good_field_dep(text: Word, bag: Bag) -> bool:
    """Whether a word names a field of a feature, `feature.field`, or all of them, `feature.*`."""
    feature, dot, field = _OTHER_PROJECT.sub("", text, count=1).partition(".")
    if dot and is_key(feature) and (field == "*" or is_field(field)):
        return True
    help = f"write `{text}.*` for all of its fields" if is_key(text) else "write it like `video/full.audio`"
    bag.error("MS0311", f"`{text}` does not name a field of a feature", text.span, help=help)
    return False


def once(words: Iterable[Word], bag: Bag, what: str, same: Callable[[str], str] = str.lower) -> tuple[Word, ...]:
    """The words without those that were said before. `same` is what must differ: case does not, in SQL."""
    kept: dict[str, Word] = {}
    for word in words:
        first = kept.setdefault(same(word), word)
        if first is not word:
            said = f"`{word}` stands twice in {what}" if first == word else f"`{word}` and `{first}` are one name"
            labels = [Label(first.span, "first here")]
            bag.error("MS0306", said, word.span, secondary=labels, help="keep one of them")
    return tuple(kept.values())


def columns(words: Iterable[Word], bag: Bag, what: str) -> tuple[Word, ...]:
    """Those of the words that can be columns, each once."""
    return once([word for word in words if good_column(word, bag)], bag, what)
