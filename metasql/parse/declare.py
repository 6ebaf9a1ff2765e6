"""One YAML file of declarations: its features as nodes, its sources and what it says of seeds.

Features stay nodes here, because `config(...)` of their bodies and folder defaults are merged
into them (merge.py) before they are read (declare_feature.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from metasql.config.document import Node, parse_yaml
from metasql.config.reader import Reader, Render, wrong
from metasql.diagnostics import Bag, Label
from metasql.parse.declarations import DatasetDecl, ExposureDecl, SourceDecl, UnitTestDecl
from metasql.parse.declare_dataset import dataset_of
from metasql.parse.declare_exposure import exposure_of
from metasql.parse.declare_feature import RawFeature
from metasql.parse.declare_names import good_key
from metasql.parse.declare_source import SeedProperties, seed_of, source_of
from metasql.parse.declare_unit_tests import unit_test_of
from metasql.parse.discover import YamlFile
from metasql.source import Word

_HINTS = {
    "models": "write `features`",
    "snapshots": "every feature can keep its history: write `history: true` in it",
    "macros": "macros need no declaration: they stand in `macro-paths`",
    "selectors": "selectors stand in the project file or in `selectors.yml` beside it",
}


@dataclass(frozen=True)
class Declared:
    """What one file declares."""

    features: tuple[RawFeature, ...] = ()
    sources: tuple[SourceDecl, ...] = ()
    seeds: tuple[SeedProperties, ...] = ()
    unit_tests: tuple[UnitTestDecl, ...] = ()
    datasets: tuple[DatasetDecl, ...] = ()
    exposures: tuple[ExposureDecl, ...] = ()


def declare(file: YamlFile, render: Render | None, bag: Bag) -> Declared:
    """What a file declares; what is wrong in it is in the bag and left out."""
    document = parse_yaml(file.source, bag)
    if document is None:
        return Declared()
    reader = Reader.of(document, bag, "a file of declarations", render, _HINTS)
    _version(reader, bag)
    features = reader.items("features")
    sources, seeds, unit_tests = reader.items("sources"), reader.items("seeds"), reader.items("unit_tests")
    datasets, exposures = reader.items("datasets"), reader.items("exposures")
    reader.finish()
    raw = [_feature(node, file, len(features) == 1, bag) for node in features]
    properties = [seed_of(node, render, bag) for node in seeds]
    return Declared(
        tuple(feature for feature in raw if feature is not None),
        tuple(table for node in sources for table in source_of(node, render, bag)),
        tuple(seed for seed in properties if seed is not None),
        tuple(test for node in unit_tests if (test := unit_test_of(node, render, bag)) is not None),
        tuple(made for node in datasets if (made := dataset_of(node, file.source.path, render, bag)) is not None),
        tuple(shown for node in exposures if (shown := exposure_of(node, file.source.path, render, bag)) is not None),
    )


def _version(reader: Reader, bag: Bag) -> None:
    node = reader.entry("version")
    if node is not None and node.value != 1:
        bag.error("MS0207", "`version` must be 1", node.span, help="write `version: 1`")


def _feature(node: Node, file: YamlFile, only: bool, bag: Bag) -> RawFeature | None:
    """A feature and its key: its `name`, or the file's place where it is the only one there."""
    if node.kind != "mapping":
        wrong(node, bag, "a feature", "a mapping", help="write `- name: video/full` and its words below")
        return None
    name = node.get("name")
    if name is None or name.is_null:
        if not only:
            help = "write `name: folder/name`; only a file's single feature is named by the file's place"
            bag.error("MS0307", "this feature has no `name`", node.head, help=help)
            return None
        key = Word(file.key, node.head)
    elif name.kind != "scalar" or not isinstance(name.value, str):
        wrong(name, bag, "name", "a text")
        return None
    else:
        key = name.word
    return RawFeature(key, node, file.source.path, key.span) if good_key(key, bag) else None


def first_of_each(features: list[RawFeature], bag: Bag) -> list[RawFeature]:
    """The features, each declared once."""
    kept: dict[str, RawFeature] = {}
    for feature in features:
        first = kept.setdefault(feature.key, feature)
        if first is not feature:
            labels = [Label(first.span, "first declared here")]
            message = f"feature `{feature.key}` is declared twice"
            bag.error("MS0301", message, feature.span, secondary=labels, help="keep one, or rename one")
    return list(kept.values())
