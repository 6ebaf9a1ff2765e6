"""Which metasql this is: what it makes of a declaration hangs on its own files, and on the libraries below it."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_LIBRARIES = ("sqlglot", "jinja2", "pyyaml", "packaging")


@cache
def program() -> str:
    """A digest of metasql's own files, as sizes and times, and of the libraries that decide what is compiled."""
    own = [(str(path), *_state(path)) for path in sorted(_PACKAGE.rglob("*.py"))]
    said = json.dumps([sys.version, own, [version(name) for name in _LIBRARIES]])
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
