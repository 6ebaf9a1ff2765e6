"""Hooks: SQL that the author wants executed around a run, with its Jinja rendered when it is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metasql.config.profiles import Target
from metasql.config.project import ProjectConfig
from metasql.diagnostics import Bag
from metasql.parse.context import Values
from metasql.parse.discover import discover
from metasql.parse.query import Settings
from metasql.parse.template import Templates
from metasql.source import Word


def render_hooks(
    hooks: Iterable[str], config: ProjectConfig, target: Target, env: Mapping[str, str], this: str | None = None
) -> list[str]:
    """The hooks as SQL; `this` is the relation of the feature that they belong to.

    Raises: MetasqlError 021x where a hook's Jinja is wrong.
    """
    words = [hook if isinstance(hook, Word) else Word(hook) for hook in hooks]
    if not words:
        return []
    bag = Bag()
    templates = Templates(discover(config, Bag()).macros, bag)
    names = dict(Values(Settings(config, target, env)).names())
    if this is not None:
        names["this"] = this
    rendered = [templates.render_value(word, names, bag) for word in words]
    bag.raise_errors()
    return [text for text in rendered if text is not None]
