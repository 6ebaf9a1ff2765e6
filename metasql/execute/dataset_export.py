"""`metasql dataset export`: a version as files, the same bytes each time.

A file for each split, or one for all, in the order of the key, and `manifest.json`, which tells what they are. They
are written into a folder beside the wanted one, which takes its name when all is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlglot import exp

from metasql.diagnostics import MetasqlError
from metasql.execute.session import Session
from metasql.execute.snapshot import check_contents, checked_table
from metasql.execute.versions import DatasetVersion
from metasql.graph.dataset import SPLIT
from metasql.names import PREFIX
from metasql.plan.sql import col, cols, equal, select, table, text

FORMATS = ("parquet", "csv", "json")
ENDINGS = {"parquet": "parquet", "csv": "csv", "json": "jsonl"}
MANIFEST = "manifest.json"
WHOLE = "data"


def rows_of(
    session: Session, version: DatasetVersion, split: str | None = None, *, versions: bool = False
) -> exp.Query:
    """The rows of a version in the order of its key; `versions`: metasql's columns too.

    Raises: MetasqlError MS0673 where its table is gone.
    """
    relation = checked_table(session, version)
    names = list(version.columns)
    if versions:
        names += [name for name in session.connection.columns(relation) or {} if name.startswith(PREFIX)]
    query = select(*cols(names)).from_(table(relation))
    if split is not None:
        query = query.where(equal(col(SPLIT), text(split)))
    return query.order_by(*cols(version.key))


def export(
    session: Session, version: DatasetVersion, folder: Path, format: str, *, versions: bool = False
) -> dict[str, Any]:
    """Write a version into a folder that is new or empty; gives the manifest.

    Raises: MetasqlError MS0672 for a folder that is not empty, MS0673 where the rows are not those that were frozen.
    """
    _check_folder(folder)
    check_contents(session, version)
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise _no_place(folder, error) from None
    try:
        made = _write(session, version, beside, format, versions)
        beside.chmod(0o777 & ~_umask())
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    except OSError as error:
        raise _no_place(folder, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return made


def _check_folder(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise MetasqlError.of(
            "MS0672",
            f"`{folder}` is {'not empty' if folder.is_dir() else 'no folder'}",
            help="name a folder that is not there yet, or an empty one: nothing was written",
        )


def _write(session: Session, version: DatasetVersion, folder: Path, format: str, versions: bool) -> dict[str, Any]:
    parts: list[tuple[str | None, int]] = [*version.splits.items()] or [(None, version.rows)]
    files = []
    for split, rows in parts:
        path = folder / f"{split or WHOLE}.{ENDINGS[format]}"
        session.connection.export(rows_of(session, version, split, versions=versions), path, format)
        entry: dict[str, Any] = {"file": path.name, "split": split, "rows": rows}
        files.append({**entry, "sha256": _sha256(path)})
    document = {**manifest(version), "format": format, "files": files}
    text_ = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text_, encoding="utf-8")
    return document


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest(version: DatasetVersion) -> dict[str, Any]:
    """What a version is, as plain data: nothing of it changes with the time."""
    return {
        "schema_version": 1,
        "dataset": version.dataset,
        "version": version.version,
        "name": version.name,
        "message": version.message,
        "created_at": version.created_at,
        "author": version.author,
        "revision": version.revision,
        "digest": version.digest,
        "rows": version.rows,
        "splits": dict(version.splits),
        "definition": dict(version.definition),
        "features": dict(version.features),
    }


def _umask() -> int:
    """What folders of the user's are not allowed; there is no way to ask but to set it."""
    now = os.umask(0)
    os.umask(now)
    return now


def _no_place(folder: Path, error: OSError) -> MetasqlError:
    reason = (error.strerror or "unknown reason").lower()
    return MetasqlError.of(
        "MS0672", f"nothing can be written to `{folder}`: {reason}", help="name a folder that you may write"
    )
