"""`dependencies:` of the project file: other projects, whose features are read and never made here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from metasql.config.document import Node
from metasql.config.reader import Reader
from metasql.diagnostics import Bag, Label
from metasql.source import Word

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class ProjectDecl:
    """Another project. `manifest` is its `target/metasql.json`; without one, its warehouse tells what it has.

    Its relations lie in `schema`, and on DuckDB in the attached file `database`, if any. Both may be Jinja.
    """

    name: Word
    manifest: Word | None
    schema: Word
    database: Word | None = None


def read_dependencies(reader: Reader, own: str, bag: Bag) -> tuple[ProjectDecl, ...]:
    """The projects that are named, each with a name of its own."""
    made = [decl for node in reader.items("dependencies") if (decl := _project(node, bag)) is not None]
    kept: dict[str, ProjectDecl] = {}
    for decl in made:
        first = kept.setdefault(str(decl.name), decl)
        if first is not decl:
            labels = [Label(first.name.span, "the other one")]
            message = f"two projects are called `{decl.name}`"
            bag.error("MS0117", message, decl.name.span, secondary=labels, help="keep one, or rename one")
        elif decl.name == own:
            message = f"`{decl.name}` is this project itself"
            bag.error("MS0117", message, decl.name.span, help="name another project, or take the entry away")
    return tuple(kept.values())


def _project(node: Node, bag: Bag) -> ProjectDecl | None:
    reader = Reader.of(node, bag, "a project of `dependencies`")
    name = reader.required("name", help="write `name:`, the name in the other project's file")
    if name is not None:
        reader.what = f"project `{name}` of `dependencies`"
        if not _NAME.fullmatch(name):
            help = "use lower-case letters, digits and `_`, and begin with a letter"
            bag.error("MS0102", f"`{name}` cannot be a project's name", name.span, help=help)
            name = None
    help = "write `schema:`, where the other project's relations lie: a schema of DuckDB, a database of ClickHouse"
    schema = reader.required("schema", help=help)
    manifest, database = reader.text("manifest"), reader.text("database")
    reader.finish()
    return ProjectDecl(name, manifest, schema, database) if name is not None and schema is not None else None
