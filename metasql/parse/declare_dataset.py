"""`datasets:`: features joined on their common key, some of their columns, and stable splits."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from metasql.config.document import Node, plain
from metasql.config.reader import Reader, Render, resolve, text_of, wrong
from metasql.diagnostics import Bag
from metasql.names import is_key
from metasql.parse.declarations import DatasetColumnDecl, DatasetDecl
from metasql.parse.declare_names import good_column, good_reference, once
from metasql.source import Word

_SPLIT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_HINTS = {
    "filter": "write `where`",
    "split": "write `splits`",
    "feature": "write `features`",
    "deps": "write `features`",
    "id_columns": "remove it: the key of a dataset is that of its features",
}
_SPLITS_HELP = "write `splits: {train: 0.9, val: 0.1}`"
_COLUMN_HELP = "write `path`, `video/face_crop.path`, or `{column: video/face_crop.path, as: crop_path}`"


def dataset_of(node: Node, path: str, render: Render | None, bag: Bag) -> DatasetDecl | None:
    """One entry of `datasets`; what is wrong in it is in the bag and left out."""
    reader = Reader.of(node, bag, "a dataset", render, _HINTS)
    name = reader.required("name", help="write `name: avatar_train`")
    reader.what = "a dataset" if name is None else f"dataset `{name}`"
    features = _features(reader, bag)
    where, owner = reader.text("where"), reader.text("owner")
    meta = reader.mapping("meta")
    made = DatasetDecl(
        name=name or Word(""),
        features=features,
        columns=_columns(reader, render, bag),
        where=where if where and where.strip() else None,
        splits=_splits(reader, bag),
        description=str(reader.text("description") or ""),
        owner=None if owner is None else str(owner),
        tags=tuple(dict.fromkeys(map(str, reader.texts("tags")))),
        meta={} if meta is None else plain(meta, words=False),
        path=path,
    )
    reader.finish()
    return made if name is not None and _good_name(name, bag) and features else None


def _good_name(name: Word, bag: Bag) -> bool:
    if is_key(name) and "/" not in name:
        return True
    help = "use lower-case letters, digits and `_`, beginning with a letter: `avatar_train`"
    bag.error("MS0300", f"`{name}` cannot be a dataset's name", name.span, help=help)
    return False


def _features(reader: Reader, bag: Bag) -> tuple[Word, ...]:
    words = tuple(word for word in reader.texts("features") if good_reference(word, bag))
    if not reader.has("features") or reader.raw("features") is None:
        reader.missing("features", "name the features that it is made of: `features: [video/face_crop]`")
    return once(words, bag, f"`features` of {reader.what}", str)


def _columns(reader: Reader, render: Render | None, bag: Bag) -> tuple[DatasetColumnDecl, ...] | None:
    """The chosen columns; None where all are wanted."""
    if reader.raw("columns") is None:
        return None
    made = [column for node in reader.items("columns") if (column := _column(node, render, bag)) is not None]
    names = once((item.name or item.column for item in made), bag, f"`columns` of {reader.what}")
    kept = set(map(id, names))
    return tuple(item for item in made if id(item.name or item.column) in kept)


def _column(node: Node, render: Render | None, bag: Bag) -> DatasetColumnDecl | None:
    """`path`, `video/face_crop.path`, or a mapping with `column`, `feature` and `as`."""
    if node.kind == "scalar":
        resolved = resolve(node, render, bag)
        word = None if resolved is None else text_of(resolved, bag, "a column")
        return None if word is None else _named(word, None, None, bag)
    reader = Reader.of(node, bag, "a column of a dataset", render, {"name": "write `as`"})
    column = reader.required("column", help=_COLUMN_HELP)
    feature, name = reader.text("feature"), reader.text("as")
    reader.finish()
    return None if column is None else _named(column, feature, name, bag)


def _named(word: Word, feature: Word | None, name: Word | None, bag: Bag) -> DatasetColumnDecl | None:
    before, dot, column = word.rpartition(".")
    if dot:
        if feature is not None:
            message = f"the feature of `{word}` is said twice"
            bag.error("MS0317", message, feature.span, help="leave `feature` out")
            return None
        feature = Word(before, word.span.find(before))
        word = Word(column, word.span.find_last(column))
    if feature is not None and not good_reference(feature, bag):
        return None
    good = all(good_column(item, bag) for item in (word, name) if item is not None)
    return DatasetColumnDecl(word, feature, name) if good else None


def _splits(reader: Reader, bag: Bag) -> dict[Word, Decimal]:
    """Names and shares, which sum up to 1."""
    node = reader.mapping("splits")
    found: dict[Word, Decimal] = {}
    for key, value in () if node is None else node.entries:
        share = _share(value, key.raw, bag)
        if _SPLIT.fullmatch(key.raw) is None:
            help = "use letters, digits and `_`, beginning with a letter"
            bag.error("MS0361", f"`{key.raw}` cannot be a split's name", key.span, help=help)
        elif share is not None:
            found[key.word] = share
    if node is None or len(found) < len(node.entries):
        return found
    once(found, bag, f"`splits` of {reader.what}")
    if sum(found.values(), Decimal(0)) != 1:
        total = sum(found.values(), Decimal(0)).normalize()
        message = f"the splits of {reader.what} sum up to {total:f}, and not to 1"
        bag.error("MS0361", message, node.entries[0][0].span if node.entries else node.span, help=_SPLITS_HELP)
    return found


def _share(node: Node, name: str, bag: Bag) -> Decimal | None:
    """A share exactly as it was written: 0.1 is a tenth."""
    if node.kind != "scalar" or isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        wrong(node, bag, name, "a number between 0 and 1", help=_SPLITS_HELP)
        return None
    try:
        share = Decimal(node.raw)
    except InvalidOperation:
        share = Decimal(-1)
    if not 0 < share <= 1:
        message = f"the share of `{name}` must be above 0 and at most 1"
        bag.error("MS0361", message, node.span, help=_SPLITS_HELP)
        return None
    return share
