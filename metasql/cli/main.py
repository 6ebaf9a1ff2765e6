"""The command line: options in, the pipeline, a report out. No logic of its own.

Exit codes: 0 ok · 1 project errors · 2 usage · 3 a run, an assertion or a commit failed ·
4 a fault of metasql's own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from metasql import __version__
from metasql.diagnostics import Bag, MetasqlError
from metasql.report.text import render, render_json

COMMANDS = {
    "build": "project",
    "clean": "housekeeping",
    "commit": "work",
    "compile": "project",
    "debug": "housekeeping",
    "delete": "work",
    "explain": "housekeeping",
    "increment": "work",
    "init": "housekeeping",
    "ls": "listing",
    "parse": "project",
    "run": "project",
    "seed": "project",
    "show": "listing",
    "status": "listing",
    "test": "project",
}
"""Each command and the module of metasql/cli/commands that holds it."""


class LazyGroup(click.Group):
    """Loads the module of a command when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"metasql.cli.commands.{COMMANDS[cmd_name]}")
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import_hint = _nearest(args[0]) if args else None
            raise click.UsageError(error.message + (f" Did you mean '{import_hint}'?" if import_hint else "")) from None


def _nearest(word: str) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(word, COMMANDS, n=1)), None)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="metasql")
def cli() -> None:
    """Incremental data features in SQL: know which samples are new, stale or orphaned, field by field."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code; results go to stdout, everything else to stderr."""
    arguments = list(argv) if argv is not None else sys.argv[1:]
    try:
        return _code(cli.main(arguments, prog_name="metasql", standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        click.echo("interrupted", err=True)
        return 3
    except MetasqlError as error:
        report(error.bag, arguments)
        return exit_code(error.bag)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        report(_bug(error), arguments)
        return 4


def run() -> None:
    """The console script."""
    sys.exit(main())


def _code(result: object) -> int:
    return result if isinstance(result, int) else 0


def exit_code(bag: Bag) -> int:
    """What went wrong on the warehouse, in an assertion or in a batch is 3; in the project, 1."""
    codes = {item.code[:4] for item in bag if item.severity.value == "error"}
    if "MS90" in codes:
        return 4
    return 3 if codes and codes <= {"MS06", "MS07", "MS08"} else 1


def report(bag: Bag, arguments: Sequence[str]) -> None:
    """Diagnostics on stderr, as text or as JSON lines."""
    if _wants_json(arguments):
        click.echo(render_json(bag.sorted()), err=True)
        return
    click.echo(render(bag.sorted(), color=use_color(sys.stderr)), err=True)


def _wants_json(arguments: Sequence[str]) -> bool:
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(pair == ("--log-format", "json") for pair in pairs) or "--log-format=json" in arguments


def use_color(stream: object) -> bool:
    """Colours on a terminal, unless NO_COLOR says otherwise."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and not os.environ.get("NO_COLOR")


def _bug(error: Exception) -> Bag:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    bag = Bag()
    bag.error(
        "MS9001",
        f"metasql itself failed: {type(error).__name__}",
        notes=[str(error).split("\n")[0][:300], f"in {last.name}, line {last.lineno} of {os.path.basename(last.filename)}"],  # noqa: PTH119 - a name for people
        help="please report this with the command and, if you can, the project; nothing half-written was left behind",
    )
    return bag


def json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
