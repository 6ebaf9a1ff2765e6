"""Projects on disk, read as `metasql parse` reads them: what the tests of declarations share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metasql.config.project import load_project
from metasql.diagnostics import Bag
from metasql.parse.declarations import Declarations
from metasql.parse.read import read_project


def read(
    root: Path, files: Mapping[str, str], *, project: str = "", env: Mapping[str, str] | None = None, **variables: Any
) -> tuple[Declarations, Bag]:
    """The declarations of a folder with these files, and what is said about them."""
    for name, text in {"dbt_project_style.yml": f"name: shop\n{project}", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    bag = Bag()
    config = load_project(root, bag, variables)
    assert config is not None, [item.message for item in bag]
    return read_project(config, None, env=env or {}, bag=bag), bag


def clean(root: Path, files: Mapping[str, str], **others: Any) -> Declarations:
    """The same, where nothing may be wrong."""
    declarations, bag = read(root, files, **others)
    assert [(item.code, item.message, str(item.primary.span)) for item in bag] == []
    return declarations


def said(bag: Bag) -> list[tuple[str, str]]:
    """Code and place of each diagnostic."""
    return [(item.code, str(item.primary.span)) for item in bag.sorted()]
