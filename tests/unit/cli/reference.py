"""docs/cli.md, made of the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from metasql.cli.main import COMMANDS, cli
from metasql.cli.options import common

INTRODUCTION = """\
# The command line

<!-- Made of the commands' own words: `python -m pytest tests/unit/cli/test_reference.py --update` -->

`metasql COMMAND --help` shows the same. Results go to standard output; progress, notes and errors go to standard
error, as text or, with `--log-format json`, as one JSON object a line. `NO_COLOR` turns colours off.

| exit code | meaning |
| --- | --- |
| 0 | all is well |
| 1 | the project has errors |
| 2 | the command was not used as it should be |
| 3 | a run, an assertion or a commit failed, `status --fail-on` found something, or a plan is above its limit |
| 4 | a fault of metasql's own |
"""


def command(name: str) -> click.Command:
    """A command by its name."""
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def options(found: click.Command) -> list[click.Option]:
    return [item for item in found.params if isinstance(item, click.Option)]


def common_names() -> set[str]:
    """The options that every command has."""

    def nothing() -> None:
        """Does nothing."""

    return {str(option.name) for option in options(click.command("nothing")(common(nothing)))}


def reference() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "## Options of every command\n", *_table(options(command("explain")))]
    parts += ["\n## Commands\n", "| command | |\n| --- | --- |"]
    parts += [f"| [`metasql {name}`](#metasql-{name}) | {_first(command(name))} |" for name in sorted(COMMANDS)]
    for name in sorted(COMMANDS):
        parts += ["", *_section(name, command(name))]
    return "\n".join(parts) + "\n"


def _section(name: str, found: click.Command) -> Iterator[str]:
    context = click.Context(found, parent=click.Context(cli, **cli.context_settings), info_name=name)
    pieces = " ".join(found.collect_usage_pieces(context))
    yield f"## metasql {name}\n"
    yield f"```text\nmetasql {name} {pieces}\n```\n"
    yield inspect.cleandoc(found.help or "")
    own = [option for option in options(found) if option.name not in common_names()]
    if own:
        yield ""
        yield from _table(own)


def _table(shown: list[click.Option]) -> Iterator[str]:
    yield "| option | |\n| --- | --- |"
    for option in shown:
        yield f"| {_names(option)} | {_text(option)} |"


def _names(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in sorted([*option.opts, *option.secondary_opts], key=len))
    if option.is_flag:
        return names
    if isinstance(option.type, click.Choice):
        choices = r" \| ".join(f"`{choice}`" for choice in option.type.choices)
        return f"{names} {choices}"
    return f"{names} `{option.metavar or option.type.name.split()[0].upper()}`"


def _text(option: click.Option) -> str:
    text = (option.help or "").replace("|", "\\|")
    if option.show_default and option.default is not None:
        text += f" Default: `{option.default}`."
    return text + (" May be repeated." if option.multiple else "")


def _first(found: click.Command) -> str:
    return inspect.cleandoc(found.help or "").split("\n")[0]
