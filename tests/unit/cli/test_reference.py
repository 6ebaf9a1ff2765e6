from __future__ import annotations

from pathlib import Path

import click
import pytest

from metasql.cli.main import COMMANDS, cli
from metasql.cli.summaries import SUMMARIES
from tests.support.cli import run_cli
from tests.unit.cli.reference import command, common_names, options, reference

PAGE = Path(__file__).parents[3] / "docs/cli.md"
SENTENCES = Path(__file__).parents[3] / "metasql/cli/summaries.py"


def test_the_page_is_up_to_date(request):
    """`--update` writes it anew."""
    if request.config.getoption("--update"):
        PAGE.write_text(reference(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == reference(), "docs/cli.md is out of date: run this test with --update"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented(name):
    """A sentence for itself and one for every option, with a capital and a full stop."""
    found = command(name)
    assert found.name == name
    assert found.help and found.help.split("\n")[0].rstrip().endswith("."), found.help
    for option in options(found):
        assert option.help, f"metasql {name} {option.opts[0]} has no help"
        assert option.help[0].isupper() or option.help[0].isdigit(), option.help


@pytest.mark.parametrize("name", COMMANDS)
def test_help_reads_well(name):
    """The list of commands cuts no sentence, options are sentences, and every argument is spoken of."""
    found = command(name)
    assert not found.get_short_help_str(62).endswith("...")
    for item in found.params:
        if isinstance(item, click.Option):
            assert item.help and item.help.endswith("."), item.help
        else:
            shown = (item.metavar or item.name or "").upper().strip("[].")
            assert shown in (found.help or ""), f"metasql {name}: its help does not speak of {shown}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_the_options_of_all(name):
    """Where the project is, its target, and how much is said."""
    assert common_names() <= {option.name for option in options(command(name))}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_shown(name):
    """On stdout; by both names of the option."""
    shown = run_cli(name, "--help")
    assert shown.code == 0
    assert f"Usage: metasql {name}" in shown.out
    assert run_cli(name, "-h").out == shown.out


def test_every_command_is_in_the_help():
    """And in the group."""
    shown = run_cli("--help")
    assert shown.code == 0
    assert cli.list_commands(click.Context(cli)) == sorted(COMMANDS)
    assert all(f"\n  {name} " in shown.out for name in COMMANDS)


def test_the_help_of_the_group_says_what_the_commands_do(request):
    """It is kept apart, so that asking for help loads no command; `--update` writes it anew."""
    told = {name: command(name).get_short_help_str(200) for name in sorted(COMMANDS)}
    if request.config.getoption("--update"):
        head, rest = SENTENCES.read_text(encoding="utf-8").split("SUMMARIES = {\n")
        lines = "".join(f'    "{name}": "{sentence}",\n' for name, sentence in told.items())
        SENTENCES.write_text(f"{head}SUMMARIES = {{\n{lines}}}{rest.partition('}')[2]}", encoding="utf-8")
        return
    assert told == SUMMARIES, "metasql/cli/summaries.py is out of date: run this test with --update"
