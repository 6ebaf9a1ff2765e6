"""What a file of declarations says besides its features, as a digest: of the same, only its features are read again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from metasql.parse.declare import Declared
from metasql.source import Source, Span


def apart(declared: Declared) -> str:
    """Of sources, seeds, unit tests, datasets and exposures, wherever they stand in the file."""
    kinds = (declared.sources, declared.seeds, declared.unit_tests, declared.datasets, declared.exposures)
    said = _said(kinds)
    return hashlib.md5(json.dumps(said).encode(), usedforsecurity=False).hexdigest()


def _said(value: object) -> Any:
    """A value in plain words, without its places."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (Span, Source)):
        return None
    if isinstance(value, (list, tuple)):
        return [_said(item) for item in value]
    if isinstance(value, Mapping):
        return [[_said(key), _said(item)] for key, item in value.items()]
    if is_dataclass(value):
        return [type(value).__name__, *(_said(getattr(value, item.name)) for item in fields(value))]
    return repr(value)
