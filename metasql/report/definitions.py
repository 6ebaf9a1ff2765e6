"""The definitions of a manifest that an earlier command wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metasql.diagnostics import MetasqlError
from metasql.graph.definition import Definitions, FeatureDefinition, read_feature
from metasql.report.artifacts import MANIFEST, SCHEMA_VERSION


@dataclass(frozen=True)
class Manifest:
    """A manifest: the project's name, those of all projects that it reads, and what it declares."""

    name: str
    reads: tuple[str, ...]
    definitions: Definitions


def read_manifest(path: Path) -> Definitions:
    """What a manifest declares; `path` is the file, or the folder that it lies in.

    Raises: MetasqlError MS0510 (no manifest of metasql's), MS0511 (one of a newer version).
    """
    return read_whole_manifest(path).definitions


def definition_out_of(key: str, text: str) -> FeatureDefinition | None:
    """A definition as a warehouse keeps it; None for one that this metasql does not understand."""
    try:
        return read_feature(key, json.loads(text))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def read_whole_manifest(path: Path) -> Manifest:
    """Raises: MetasqlError MS0510, MS0511."""
    file = path / MANIFEST if path.is_dir() else path
    document = _document(file)
    version = document.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise MetasqlError.of(
            "MS0511",
            f"`{file}` was written by a newer metasql",
            notes=[f"it has schema version {version}; this metasql knows versions up to {SCHEMA_VERSION}"],
            help="upgrade metasql, or write the manifest with this one: `metasql parse`",
        )
    try:
        features = {str(key): read_feature(str(key), item) for key, item in document["features"].items()}
        project = document["project"]
        reads = tuple(str(name) for name in project.get("reads", ()))
        return Manifest(str(project.get("name", "")), reads, Definitions(features, str(project["digest"])))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_manifest(file, f"a part of it is missing, or is not as metasql writes it: {error}") from None


def _document(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _no_manifest(file, "there is no such file") from None
    except OSError as error:
        raise _no_manifest(file, str(error.strerror)) from None
    except ValueError:
        raise _no_manifest(file, "it is no JSON") from None
    if not isinstance(found, dict):
        raise _no_manifest(file, "it is no JSON object")
    return found


def _no_manifest(file: Path, why: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0510",
        f"`{file}` is no manifest of metasql's",
        notes=[why],
        help=f"name the `{MANIFEST}` of a target folder: `metasql parse` and every run write it",
    )
