"""init, debug, clean, explain: around a project."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from metasql.cli.options import Common, common, lock_timeout
from metasql.cli.orphaned import clean_relations
from metasql.cli.reporting import exit_code, report, use_color
from metasql.config.project import load_project
from metasql.diagnostics import Bag, MetasqlError
from metasql.parse.read import profile_render
from metasql.report.clean import clean
from metasql.report.debug import Place, inspect, lines
from metasql.report.explain import index, page, similar
from metasql.report.starter import start


@click.command("init")
@click.argument("folder", metavar="[DIR]", default="")
@common
def init_command(shared: Common, folder: str) -> int:
    """Start a small project that works.

    DIR is a new or an empty folder; the project is named after it (default: the folder you are in).
    """
    started = start(shared.options.project_dir / folder)
    if not shared.quiet:
        click.echo(f"project `{started.name}`: {len(started.files)} files in {started.folder}", err=True)
    if started.folder.resolve() == Path.cwd():
        click.echo("metasql build\nmetasql status")
    else:
        click.echo(f"cd {shlex.quote(folder or str(started.folder))}\nmetasql build")
    return 0


@click.command("debug")
@common
def debug_command(shared: Common) -> int:
    """Check versions, project, profile and warehouse."""
    options = shared.options
    place = Place(
        options.project_dir,
        options.profiles_dir,
        options.target,
        options.vars,
        options.env,
        options.home,
        options.defer,
    )
    findings = inspect(place)
    styles = {"ok": "green", "error": "red"}
    colored = use_color(sys.stdout)
    for line in lines(findings, lambda text, status: click.style(text, styles.get(status)) if colored else text):
        click.echo(line)
    if not findings.bag.has_errors:
        return 0
    report(findings.bag, ["--log-format", shared.log_format])
    return exit_code(findings.bag)


@click.command("clean")
@common
@lock_timeout
@click.option(
    "--orphaned-relations",
    is_flag=True,
    help="Instead, list the relations of features that are no longer declared.",
)
@click.option("--yes", is_flag=True, help="With --orphaned-relations: drop them, with all that they hold.")
def clean_command(shared: Common, orphaned_relations: bool, yes: bool) -> int:
    """Empty the target folder; warehouses stay.

    With --orphaned-relations, look for what features that are no longer declared have left in the warehouse: it is
    listed, and dropped only with --yes.
    """
    if orphaned_relations:
        return clean_relations(shared, drop=yes)
    if yes:
        raise click.UsageError("--yes goes with --orphaned-relations")
    options, bag = shared.options, Bag()
    config = load_project(options.project_dir, bag, options.vars)
    bag.raise_errors()
    assert config is not None, "a project without errors was read"
    done = clean(
        config,
        profiles_dir=options.profiles_dir,
        env=options.env,
        home=options.home,
        render=profile_render(config, options.env),
    )
    for path in done.removed:
        click.echo(path)
    if not shared.quiet:
        left = f"; {', '.join(done.kept)} stayed" if done.kept else ""
        click.echo(f"{len(done.removed)} removed{left}", err=True)
    return 0


@click.command("explain")
@click.argument("code", required=False)
@common
def explain_command(shared: Common, code: str | None) -> int:
    """Explain an error: why it is one, and what to do.

    Without CODE, all codes are listed.
    """
    text = index() if code is None else page(code)
    if text is not None:
        click.echo(text)
        return 0
    near = [f"`{item}`" for item in similar(code or "")]
    error = MetasqlError.of(
        "MS0155",
        f"there is no error `{code}`",
        help=f"did you mean {' or '.join(near)}?" if near else "`metasql explain` lists all codes",
    )
    report(error.bag, ["--log-format", shared.log_format])
    return 2
