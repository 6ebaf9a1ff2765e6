"""Options that many commands share, and what they make of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from metasql.cli.reporting import report, use_color
from metasql.config.document import parse_yaml, plain
from metasql.diagnostics import Bag, MetasqlError
from metasql.events import Emit, silent
from metasql.execute.holding import PATIENCE
from metasql.pipeline import Options, Project, load, read_config
from metasql.source import Source

if TYPE_CHECKING:
    from metasql.execute.session import Session

# What works on a warehouse, and what shows how it goes on, is loaded where it is needed: `ls` and `parse` need none.

MOST_PATIENCE = 7 * 24 * 3600

row_limit = click.IntRange(0, 2**63 - 1)
"""Of `--limit`: as many rows as an engine can count."""

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Common:
    """What the shared options say. `lock_timeout`: seconds for which a target in use is waited for."""

    options: Options
    quiet: bool
    verbose: bool
    log_format: str
    lock_timeout: float = 0

    def console(self) -> Emit:
        from metasql.report.console import stderr_console

        return stderr_console(
            color=use_color(sys.stderr), quiet=self.quiet, verbose=self.verbose, log_format=self.log_format
        )

    def warn(self, project: Project) -> None:
        """Show the warnings of a project that was read."""
        if project.diagnostics and not self.quiet:
            report(Bag(list(project.diagnostics)), ["--log-format", self.log_format])

    def project(self) -> Project:
        """The project, read without a warehouse."""
        project = load(self.options)
        self.warn(project)
        return project

    @contextmanager
    def session(
        self, *, read_only: bool = False, scratch: bool = False, listener: Emit = silent
    ) -> Iterator[tuple[Project, Session]]:
        """The project on its warehouse; bodies may `run_query` there.

        The connection is opened at the first need and closed at the end. With `scratch` it makes temporary tables, too.
        `listener` hears every event.
        """
        from metasql.api.opened import opened
        from metasql.report.console import LogFile, all_of

        config, _, _ = read_config(self.options)
        log = LogFile(config.root / config.target_path)
        emit = all_of(self.console(), log, listener)
        try:
            with opened(
                self.options, emit, read_only=read_only, scratch=scratch, patience=self.lock_timeout, warn=self.warn
            ) as found:
                yield found
        finally:
            log.close()


def common(command: Command) -> Command:
    """`--project-dir`, `--profiles-dir`, `--target`, `--vars`, `--no-defer`, `-q`, `-v`, `--log-format` as `Common`."""

    def wrapped(
        project_dir: Path,
        profiles_dir: Path | None,
        target: str | None,
        vars_: str | None,
        defer: bool,
        quiet: bool,
        verbose: bool,
        log_format: str,
        **rest: Any,
    ) -> Any:
        options = Options(project_dir.resolve(), profiles_dir, target, parse_vars(vars_ or ""), defer)
        return command(Common(options, quiet, verbose, log_format, rest.pop("lock_timeout", 0)), **rest)

    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    wrapped.__click_params__ = list(getattr(command, "__click_params__", []))  # type: ignore[attr-defined]  # click keeps options there
    folder = click.Path(path_type=Path, file_okay=False)
    for option in reversed(
        [
            click.option(
                "--project-dir", type=folder, default=Path(), help="The project's folder (default: the one you are in)."
            ),
            click.option("--profiles-dir", type=folder, help="The folder of profiles.yml."),
            click.option("--target", "-t", help="The target of the profile."),
            click.option("--vars", "vars_", help="Variables as a YAML mapping, in the place of the project's."),
            click.option(
                "--defer/--no-defer",
                default=True,
                help="Read what the target has not made from the one that it defers to (default: yes).",
            ),
            click.option("--quiet", "-q", is_flag=True, help="Show errors and results alone."),
            click.option("--verbose", "-v", is_flag=True, help="Show every statement, too."),
            click.option(
                "--log-format",
                type=click.Choice(["text", "json"]),
                default="text",
                help="Text for people or JSON lines for programs, on stderr.",
            ),
        ]
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]  # the wrapper takes the options that click adds


lock_timeout = click.option(
    "--lock-timeout",
    type=click.FloatRange(0, MOST_PATIENCE),
    default=PATIENCE,
    show_default=True,
    envvar="METASQL_LOCK_TIMEOUT",
    help="Seconds to wait for another command that has the target.",
)
"""Of commands that write."""

locked_option = click.option("--locked", is_flag=True, help="Fail where metasql.lock is not up to date.")


def selection(command: Command) -> Command:
    """`--select`, `--exclude` and `--selector`."""
    command = click.option("--selector", help="A selector of selectors.yml.")(command)
    command = click.option("--exclude", multiple=True, help="Nodes to leave out.")(command)
    words = "Only these nodes: key, +key, key+, @key, tag:NAME, path:FOLDER, kind:KIND."
    return click.option("--select", "-s", multiple=True, help=words)(command)


def parse_vars(text: str) -> dict[str, Any]:
    """The mapping of `--vars`.

    Raises: MetasqlError MS0150.
    """
    return parse_mapping("--vars", text, "{crop_px: 256}")


def parse_mapping(option: str, text: str, example: str) -> dict[str, Any]:
    """The mapping of an option.

    Raises: MetasqlError MS0150.
    """
    bag = Bag()
    node = parse_yaml(Source(option, text), bag) if text.strip() else None
    bag.raise_errors()
    value = plain(node) if node is not None else {}
    if not isinstance(value, dict):
        raise MetasqlError.of("MS0150", f"`{option}` is no mapping", help=f"write it as YAML: `{option} '{example}'`")
    return {str(name): item for name, item in value.items()}
