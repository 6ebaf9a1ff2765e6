"""Declarations of datasets → datasets: resolve features and columns, find the key that they have in common."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlglot import exp

from metasql.diagnostics import Bag, Label, candidates, suggest
from metasql.graph.dataset import SPLIT, Dataset, DatasetColumn, Member
from metasql.graph.link_expressions import unknown_column
from metasql.graph.nodes import Feature
from metasql.names import PREFIX, SUFFIXES, FeatureKey
from metasql.parse.declarations import DatasetColumnDecl, DatasetDecl, Declarations, FeatureDecl
from metasql.parse.sql import parse_expression, place_in
from metasql.source import Word, span_of

_OF_DATASET = re.compile(r"__(current|v\d+)")

Features = Mapping[FeatureKey, Feature]


def link_datasets(
    declarations: Declarations, features: Features, broken: Collection[str], dialect: str, bag: Bag
) -> dict[str, Dataset]:
    """The datasets by name; what is wrong is in the bag and left out."""
    found: dict[str, Dataset] = {}
    for decl in declarations.datasets:
        _check_relations(decl, declarations, bag)
        members = _features(decl, features, broken, bag)
        made = _linked(decl, members, dialect, bag) if members else None
        if made is not None:
            found[made.name] = made
    return dict(sorted(found.items()))


def _check_relations(decl: DatasetDecl, declarations: Declarations, bag: Bag) -> None:
    """The view, the pointer and the versions have names that nothing else has."""
    others: list[tuple[str, str, FeatureDecl | None]] = [
        (str(seed.name), f"the seed `{seed.name}`", None) for seed in declarations.seeds
    ]
    for other in declarations.features:
        base = FeatureKey(str(other.key)).relation
        others += [(name, f"`{other.key}`", other) for name in (base, *(f"{base}__{end}" for end in SUFFIXES))]
    if str(decl.name).startswith(PREFIX):
        message = f"`{decl.name}` is called like metasql's own tables, whose names begin with `{PREFIX}`"
        bag.error("MS0333", message, span_of(decl.name), help="choose another name")
        return
    for name, what, owner in others:
        if name == decl.name or (name.startswith(decl.name) and _OF_DATASET.fullmatch(name[len(decl.name) :])):
            labels = [Label(span_of(owner.key), "the other one")] if owner is not None else []
            message = f"the dataset `{decl.name}` and {what} both need the relation `{name}`"
            bag.error("MS0333", message, span_of(decl.name), secondary=labels, help="rename one of the two")
            return


def _features(decl: DatasetDecl, features: Features, broken: Collection[str], bag: Bag) -> list[Feature]:
    """The features of a dataset; none where one of them is not there."""
    found = []
    for word in decl.features:
        feature = features.get(FeatureKey(str(word)))
        if feature is not None:
            found.append(feature)
        elif str(word) not in broken:  # what is broken has been told
            known = [str(key) for key in features]
            bag.error(
                "MS0330",
                f"feature `{word}` does not exist",
                span_of(word),
                label="unknown feature",
                notes=[f"features: {candidates(known)}"],
                help=suggest(str(word), known) or "`metasql ls` lists them",
            )
    return found if len(found) == len(decl.features) else []


def _linked(decl: DatasetDecl, features: list[Feature], dialect: str, bag: Bag) -> Dataset | None:
    members = _joined(decl, features, bag)
    if members is None:
        return None
    before = _errors(bag)
    columns = _Columns(decl, features, members, bag)
    chosen = columns.all() if decl.columns is None else columns.chosen(decl.columns)
    where, named = columns.condition(dialect)
    if _errors(bag) > before:
        return None
    return Dataset(
        name=str(decl.name),
        key=columns.base.id_columns,
        members=members,
        columns=chosen,
        splits=tuple((str(name), share) for name, share in decl.splits.items()),
        where=where,
        named=named,
        condition=decl.where,
        description=decl.description,
        owner=decl.owner,
        tags=decl.tags,
        meta=decl.meta,
        path=decl.path,
        span=span_of(decl.name),
    )


def _errors(bag: Bag) -> int:
    return sum(1 for item in bag if item.severity.value == "error")


def _joined(decl: DatasetDecl, features: list[Feature], bag: Bag) -> tuple[Member, ...] | None:
    """The feature of the finest key first, and how each other one is joined to it."""
    for base in features:
        matches = {other.key: _match(base, other) for other in features if other is not base}
        if all(match is not None for match in matches.values()):
            return (Member(base.key), *(Member(key, match or ()) for key, match in matches.items()))
    bag.error(
        "MS0360",
        f"the features of dataset `{decl.name}` have no common key",
        span_of(decl.features[0]),
        notes=[f"key of `{feature.key}`: {', '.join(feature.id_columns)}" for feature in features],
        help="one of the features must have the id columns of all others, or depend on them by theirs: "
        "bring the rest together in a SQL feature first",
    )
    return None


def _match(base: Feature, other: Feature) -> tuple[tuple[str, str], ...] | None:
    """The id columns of a feature with those of the base that they equal; None where there is not one for each."""
    if set(other.id_columns) <= set(base.id_columns):
        return tuple((name, name) for name in other.id_columns)
    dep = next((dep for dep in base.deps if dep.feature == other.key), None)
    ours = {theirs: unit for theirs, unit in dep.match if unit in base.id_columns} if dep is not None else {}
    if all(name in ours for name in other.id_columns):
        return tuple((name, ours[name]) for name in other.id_columns)
    return None


class _Columns:
    """The columns that the features of a dataset bring."""

    def __init__(self, decl: DatasetDecl, features: list[Feature], members: Iterable[Member], bag: Bag) -> None:
        self.decl = decl
        self.bag = bag
        by_key = {feature.key: feature for feature in features}
        self.features = [by_key[member.feature] for member in members]
        self.base = self.features[0]
        self.joined = {(member.feature, name): ours for member in members for name, ours in member.match}

    def known(self) -> Iterator[tuple[str, FeatureKey]]:
        """Every column with its feature; an id column that is joined on is that of the finest key alone."""
        for feature in self.features:
            for column in feature.columns:
                if self.joined.get((feature.key, column.name)) is None:
                    yield column.name, feature.key

    def all(self) -> tuple[DatasetColumn, ...]:
        found: dict[str, DatasetColumn] = {}
        for name, key in self.known():
            first = found.setdefault(name.lower(), DatasetColumn(name, key, name))
            if first.feature != key:
                self.taken(name, first.feature, key)
        return self.with_key(found.values())

    def taken(self, name: str, one: FeatureKey, other: FeatureKey) -> None:
        self.bag.error(
            "MS0362",
            f"dataset `{self.decl.name}` would have two columns `{name}`",
            span_of(self.decl.name),
            notes=[f"`{one}` and `{other}` have one each"],
            help=f"choose the `columns`, and rename one of the two: `{{column: {other}.{name}, as: other_{name}}}`",
        )

    def chosen(self, columns: Iterable[DatasetColumnDecl]) -> tuple[DatasetColumn, ...]:
        found = [made for item in columns if (made := self.one(item)) is not None]
        return self.with_key(found)

    def with_key(self, columns: Iterable[DatasetColumn]) -> tuple[DatasetColumn, ...]:
        """The columns after those of the key, which always come along under their own names."""
        key = {name: DatasetColumn(name, self.base.key, name) for name in self.base.id_columns}
        rest = [item for item in columns if item not in key.values()]
        reserved = {name.lower() for name in key} | ({SPLIT} if self.decl.splits else set())
        for item in rest:
            if item.name.lower() in reserved:
                what = "the column that tells the split" if item.name.lower() == SPLIT else "an id column"
                message = f"column `{item.name}` of dataset `{self.decl.name}` is called like {what}"
                help = f"rename it: `{{column: {item.feature}.{item.column}, as: other_{item.name}}}`"
                self.bag.error("MS0362", message, span_of(self.decl.name), help=help)
        return (*key.values(), *rest)

    def one(self, item: DatasetColumnDecl) -> DatasetColumn | None:
        """A column by its name, or by its feature's and its own."""
        if item.feature is None:
            found = self.find(str(item.column), item.column)
        else:
            found = self.qualified(item.feature, item.column)
        if found is None:
            return None
        key, column = found
        return DatasetColumn(str(item.name) if item.name is not None else column, key, column)

    def qualified(self, feature: Word, column: Word) -> tuple[FeatureKey, str] | None:
        known = next((one for one in self.features if str(one.key) == feature), None)
        if known is None:
            names = [str(one.key) for one in self.features]
            self.bag.error(
                "MS0345",
                f"`{feature}` is no feature of dataset `{self.decl.name}`",
                span_of(feature),
                notes=[f"its features: {candidates(names)}"],
                help=suggest(str(feature), names) or "add it to `features`",
            )
            return None
        names = [item.name for item in known.columns]
        if str(column) not in names:
            unknown_column(str(column), span_of(column), names, str(known.key), self.bag)
            return None
        ours = self.joined.get((known.key, str(column)))
        return (self.base.key, ours) if ours is not None else (known.key, str(column))

    def find(self, name: str, word: Word, node: exp.Column | None = None) -> tuple[FeatureKey, str] | None:
        """The one feature that has a column; `node` is where a condition names it."""
        found = [(key, column) for column, key in self.known() if column.lower() == name.lower()]
        if len(found) == 1:
            return found[0]
        place = span_of(word) if node is None else place_in(word, node)
        if not found:
            known = sorted({column for column, _ in self.known()})
            unknown_column(name, place, known, str(self.decl.name), self.bag)
            return None
        key = found[-1][0]
        way = f"{key.relation}.{name}" if node is not None else f"{key}.{name}"
        self.bag.error(
            "MS0346",
            f"column `{name}` is in several features of dataset `{self.decl.name}`",
            place,
            notes=[f"in {', '.join(f'`{feature}`' for feature, _ in found)}"],
            help=f"say which: `{way}`",
        )
        return None

    def condition(self, dialect: str) -> tuple[exp.Expr | None, dict[str, tuple[FeatureKey, str]]]:
        """`where` over names of its own, and what they mean."""
        word = self.decl.where
        tree = parse_expression(word, dialect, self.bag) if word is not None else None
        if tree is None or word is None:
            return None, {}
        across = tree.find(exp.AggFunc, exp.Window, exp.Unnest, exp.Explode)
        if across is not None:
            message = "an aggregate, a window or `unnest` cannot stand here: this is asked of each row alone"
            help = "compute it in the body of a SQL feature, and use its column here"
            self.bag.error("MS0344", message, place_in(word, across), help=help)
            return None, {}
        named: dict[str, tuple[FeatureKey, str]] = {}
        several = {
            name.lower() for name, key in self.known() for other, at in self.known() if _same(name, other, key, at)
        }

        def resolved(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
                return node
            found = self.of_table(node, word) if node.table else self.find(node.name, word, node)
            if found is None:
                return node
            key, column = found
            name = f"{key.relation}__{column}" if column.lower() in several else column
            named[name] = found
            return exp.column(exp.to_identifier(name))

        return tree.transform(resolved), named

    def of_table(self, node: exp.Column, word: Word) -> tuple[FeatureKey, str] | None:
        """A column with the name of a feature's relation before it."""
        place = place_in(word, node)
        known = next((one for one in self.features if one.relation == node.table), None)
        if known is None:
            names = [one.relation for one in self.features]
            self.bag.error(
                "MS0345",
                f"`{node.table}` is no feature of dataset `{self.decl.name}`",
                place,
                notes=[f"its features by the names of their relations: {candidates(names)}"],
                help=suggest(node.table, names) or "write the name of the feature's relation before the column",
            )
            return None
        return self.qualified(Word(str(known.key), place), Word(node.name, place))


def _same(name: str, other: str, key: FeatureKey, at: FeatureKey) -> bool:
    return key != at and name.lower() == other.lower()
