"""The functions that templates call, apart from those that a body is recorded with."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlglot import exp

from metasql.diagnostics import Bag, candidates, suggest
from metasql.parse import sites
from metasql.parse.declarations import Ref
from metasql.parse.sites import Refusal, Returned
from metasql.parse.template import with_macros
from metasql.source import NOWHERE, Span

logger = logging.getLogger(__name__)

THIS = "__metasql_this"
"""The table name that stands for the feature's own relation."""

_NOTHING: Any = object()


class ProjectLike(Protocol):
    """What a template needs to know of the project."""

    @property
    def name(self) -> str: ...
    @property
    def dialect(self) -> str: ...
    @property
    def vars(self) -> Mapping[str, Any]: ...


class TargetLike(Protocol):
    """What a template may know of the target: nothing secret."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def schema(self) -> str: ...
    @property
    def profile(self) -> str: ...


@dataclass(frozen=True)
class Settings:
    """What templates are read with.

    `sources` are the declared ones: (source, table) → relation. `run_query` is given at run
    time alone; `relation` gives the SQL name of a ref, for the queries that it runs.
    """

    project: ProjectLike
    target: TargetLike | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    run_query: Callable[[str], list[tuple[Any, ...]]] | None = None
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict)
    relation: Callable[[Ref], str] | None = None


class Values:
    """The names that hold everywhere, in YAML too: `var`, `env_var`, `target`, `project_name`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def names(self) -> dict[str, Any]:
        return {
            "var": self.var,
            "env_var": self.env_var,
            "target": Target(self._settings),
            "project_name": self._settings.project.name,
            "tojson": to_json,
            "fromjson": from_json,
        }

    def var(self, name: str, default: Any = _NOTHING) -> Any:
        known = self._settings.project.vars
        if name in known:
            return copy.deepcopy(known[name])
        if default is not _NOTHING:
            return default
        raise Refusal(
            "MS0219",
            f"the variable `{name}` has no value",
            subject=str(name),
            notes=[f"variables that have one: {candidates(known)}"],
            help=suggest(str(name), known) or "declare it under `vars` in the project file, or give it with `--vars`",
        )

    def env_var(self, name: str, default: Any = _NOTHING) -> Any:
        if name in self._settings.env:
            return self._settings.env[name]
        if default is not _NOTHING:
            return default
        raise Refusal(
            "MS0220",
            f"the environment variable `{name}` is not set",
            subject=str(name),
            help=f"set it, or give a default: `env_var('{name}', '...')`",
        )


@dataclass
class Asked:
    """What a template asked for that may be otherwise elsewhere: the engine, or what the warehouse holds."""

    engine: bool = False
    data: bool = False


class Target:
    """`target`: where a run would go. Without a profile, a place on DuckDB."""

    _shown = "`target`"

    def __init__(self, settings: Settings, asked: Asked | None = None) -> None:
        target = settings.target
        self._asked = asked or Asked()
        self._type = target.type if target else "duckdb"
        self.name = target.name if target else "default"
        self.schema = target.schema if target else "main"
        self.profile_name = target.profile if target else settings.project.name

    @property
    def type(self) -> str:
        self._asked.engine = True
        return self._type


class Execute:
    """`execute`: whether the template is read to be run."""

    _shown = "`execute`"

    def __init__(self, value: bool, asked: Asked) -> None:
        self._value = value
        self._asked = asked

    def __bool__(self) -> bool:
        self._asked.data = True
        return self._value

    def __str__(self) -> str:
        return str(bool(self))


class This:
    """What `this` is: the feature's own relation; the runner puts its name in."""

    _shown = "`this`"

    def __str__(self) -> str:
        return THIS


class Exceptions:
    """`exceptions`: errors and warnings in a macro's own words."""

    _shown = "`exceptions`"

    def __init__(self, bag: Bag) -> None:
        self._bag = bag

    def raise_compiler_error(self, message: str, node: object = None) -> None:  # noqa: ARG002
        help = "the template raises this error itself: see the condition around its line"
        raise Refusal("MS0216", str(message), subject="raise_compiler_error", help=help)

    def warn(self, message: str, node: object = None) -> str:  # noqa: ARG002
        self._bag.warn("MS0217", str(message), _here("warn"))
        return ""


class Adapter:
    """`adapter`: what differs from one engine to another."""

    _shown = "`adapter`"

    def __init__(self, settings: Settings, engine: str, asked: Asked | None = None) -> None:
        self._settings = settings
        self._engine = engine
        self._asked = asked or Asked()

    @with_macros
    def dispatch(
        self,
        macros: Any,
        macro_name: str,
        macro_namespace: str | None = None,  # noqa: ARG002 - there is one namespace
    ) -> Callable[..., Any]:
        """The macro of a name that was written for the engine, else the default one."""
        self._asked.engine = True
        for prefix in (self._engine, "default"):
            found: Callable[..., Any] | None = macros.macro(f"{prefix}__{macro_name}")
            if found is not None:
                return found
        others = [name for name in macros.macro_names() if name.endswith(f"__{macro_name}")]
        raise Refusal(
            "MS0224",
            f"there is no macro `{self._engine}__{macro_name}` and no `default__{macro_name}`",
            subject=macro_name,
            notes=[f"macros of that name: {candidates(others)}"] if others else [],
            help=f"write `{{% macro default__{macro_name}() %}}`, or one for `{self._engine}`",
        )

    def quote(self, identifier: str) -> str:
        return exp.to_identifier(str(identifier), quoted=True).sql(self._settings.project.dialect)


class Rows(list[tuple[Any, ...]]):
    """What `run_query` gives: rows, and columns that have `values()`."""

    _shown = "a result"

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return list(self)

    @property
    def columns(self) -> list[ResultColumn]:
        return [ResultColumn(column) for column in zip(*self, strict=True)]


class ResultColumn(tuple[Any, ...]):
    """A column of a result."""

    _shown = "a result's column"

    def values(self) -> tuple[Any, ...]:
        return tuple(self)


def is_incremental() -> bool:
    """Known from elsewhere, and not needed here."""
    raise Refusal(
        "MS0222",
        "`is_incremental()` is not available: a body is written over whole tables",
        subject="is_incremental",
        help="leave it out; metasql restricts each `ref` to the samples that need work",
    )


def log(message: Any, info: bool = False) -> str:
    logger.log(logging.INFO if info else logging.DEBUG, "%s", message)
    return ""


def give_back(value: Any = None) -> None:
    raise Returned(value)


def to_json(value: Any, default: Any = None, sort_keys: bool = False) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=sort_keys)
    except (TypeError, ValueError) as error:
        if default is not None:
            return str(default)
        raise Refusal("MS0212", f"`tojson` cannot write this value: {error}", subject="tojson") from error


def from_json(text: str, default: Any = _NOTHING) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        if default is not _NOTHING:
            return default
        raise Refusal("MS0212", f"`fromjson` cannot read this text: {error}", subject="fromjson") from error


def zip_lists(*lists: Sequence[Any]) -> list[tuple[Any, ...]]:
    try:
        return list(zip(*lists, strict=False))
    except TypeError as error:
        raise Refusal("MS0212", f"`zip` takes lists: {error}", subject="zip") from error


def _here(function: str) -> Span:
    return sites.place(sites.running(), function) or NOWHERE
