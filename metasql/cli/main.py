"""The command line: options in, the pipeline, a report out. No logic of its own.

Exit codes: 0 ok · 1 project errors · 2 usage · 3 a run, an assertion or a commit failed ·
4 a fault of metasql's own.
"""

from __future__ import annotations

import difflib
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from metasql import __version__
from metasql.cli.reporting import exit_code, report
from metasql.cli.summaries import SUMMARIES
from metasql.diagnostics import Bag, MetasqlError

COMMANDS = {
    "build": "project",
    "clean": "housekeeping",
    "commit": "work",
    "compile": "compile",
    "copy": "copy",
    "dataset": "dataset",
    "debug": "housekeeping",
    "delete": "work",
    "diff": "diff",
    "docs": "docs",
    "explain": "housekeeping",
    "history": "history",
    "increment": "work",
    "init": "housekeeping",
    "lineage": "lineage",
    "lock": "lock",
    "ls": "ls",
    "model": "model",
    "parse": "compile",
    "plan": "plan",
    "rebase": "rebase",
    "retry": "retry",
    "retry-samples": "work",
    "run": "project",
    "run-operation": "operation",
    "seed": "project",
    "serve-commits": "serve",
    "show": "listing",
    "snapshot": "dataset",
    "source": "source",
    "status": "listing",
    "test": "project",
    "vacuum": "vacuum",
    "verify": "verify",
    "why": "why",
}
"""Each command and the module of metasql/cli/commands that holds it."""


class LazyGroup(click.Group):
    """Loads the module of a command when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"metasql.cli.commands.{COMMANDS[cmd_name]}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        limit = formatter.width - 6 - max(len(name) for name in COMMANDS)
        shown = [(name, self._summary(ctx, name).get_short_help_str(limit)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(shown)

    def _summary(self, ctx: click.Context, name: str) -> click.Command:
        """A command of which nothing but its sentence is wanted."""
        known = click.Command(name, help=SUMMARIES[name]) if name in SUMMARIES else self.get_command(ctx, name)
        assert known is not None, "it is one of COMMANDS"
        return known

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import_hint = _nearest(args[0]) if args else None
            raise click.UsageError(error.message + (f" Did you mean '{import_hint}'?" if import_hint else "")) from None


def _nearest(word: str) -> str | None:
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
    """The console script.

    Trees of SQL are many small objects in circles: looking for garbage as often as Python
    does by itself takes half the time of a compile, and finds next to none. Rarer than this,
    and what is looked through no longer fits the caches of a processor.
    """
    gc.set_threshold(8_000, 4, 1000)
    sys.exit(main())


def _code(result: object) -> int:
    return result if isinstance(result, int) else 0


def _bug(error: Exception) -> Bag:
    last = traceback.extract_tb(error.__traceback__)[-1]
    bag = Bag()
    bag.error(
        "MS9001",
        f"metasql itself failed: {type(error).__name__}",
        notes=[str(error).split("\n")[0][:300], f"in {last.name}, line {last.lineno} of {Path(last.filename).name}"],
        help="please report this with the command and, if you can, the project; nothing half-written was left behind",
    )
    return bag
