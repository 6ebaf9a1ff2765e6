"""Seeds: the header of each CSV file, with what YAML says of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from metasql.diagnostics import Bag, Label, candidates, suggest
from metasql.names import is_column, is_key
from metasql.parse.declarations import SeedDecl
from metasql.parse.declare_names import good_column
from metasql.parse.declare_source import SeedProperties
from metasql.parse.discover import SeedFile
from metasql.source import Source, Span, Word


def read_seeds(files: Sequence[SeedFile], properties: Iterable[SeedProperties], bag: Bag) -> tuple[SeedDecl, ...]:
    """The seeds of a project, in the order of their paths."""
    said = _properties(properties, [file.name for file in files], bag)
    seeds: dict[str, SeedDecl] = {}
    for file in files:
        header = _header(file, bag)
        if header is None or not _good_name(file, header[0], bag):
            continue
        seed = _seed(file, *header, said.get(file.name), bag)
        first = seeds.setdefault(file.name, seed)
        if first is not seed:
            labels = [Label(first.span, "first seed of this name")]
            message = f"two seeds are called `{file.name}`"
            bag.error("MS0301", message, seed.span, secondary=labels, help="rename one of the files")
    return tuple(seeds.values())


def _properties(properties: Iterable[SeedProperties], known: list[str], bag: Bag) -> dict[str, SeedProperties]:
    """What YAML says, by the seed's name; each seed once, and only of seeds that there are."""
    said: dict[str, SeedProperties] = {}
    for seed in properties:
        first = said.setdefault(seed.name, seed)
        if seed.name not in known:
            notes = [f"seeds: {candidates(known)}"]
            help = suggest(seed.name, known) or f"put `{seed.name}.csv` below a seed path"
            bag.error("MS0314", f"there is no seed `{seed.name}`", seed.name.span, notes=notes, help=help)
        elif first is not seed:
            labels = [Label(first.name.span, "first declared here")]
            message = f"seed `{seed.name}` is declared twice"
            bag.error("MS0301", message, seed.name.span, secondary=labels, help="keep one")
    return said


def _good_name(file: SeedFile, source: Source, bag: Bag) -> bool:
    if is_key(file.name):
        return True
    help = "use lower-case letters, digits and `_` in the file's name, beginning with a letter"
    bag.error("MS0300", f"`{file.name}` cannot be a seed's name", Span(source, 0, 0), help=help)
    return False


def _seed(file: SeedFile, source: Source, header: list[str], said: SeedProperties | None, bag: Bag) -> SeedDecl:
    _check_header(file, source, header, bag)
    said = said or SeedProperties(Word(file.name))
    for column in said.columns:
        _check_column(file, column.name, header, bag)
    declared = {str(column.name) for column in said.columns}
    for name in said.types:
        if name not in declared:
            _check_column(file, name, header, bag)
    return SeedDecl(
        name=Word(file.name, Span(source, 0, 0)),
        path=file.shown,
        header=tuple(header),
        types=said.types,
        description=said.description,
        tags=said.tags,
        span=Span(source, 0, 0),
    )


def _check_column(file: SeedFile, name: str, header: list[str], bag: Bag) -> None:
    if name in header:
        return
    span = name.span if isinstance(name, Word) else Span(Source(file.shown, ""), 0, 0)
    notes = [f"columns of `{file.shown}`: {candidates(header)}"]
    help = suggest(name, header) or "name a column of the file's first line"
    bag.error("MS0314", f"seed `{file.name}` has no column `{name}`", span, notes=notes, help=help)


def _header(file: SeedFile, bag: Bag) -> tuple[Source, list[str]] | None:
    """The first record of a file, and the lines that it was written on."""
    lines: list[str] = []
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as stream:
            header = next(csv.reader(kept(stream, lines)), [])
    except OSError as error:
        message = f"cannot read `{file.shown}`: {(error.strerror or 'unknown reason').lower()}"
        bag.error("MS0115", message, help="give yourself the right to read it, or move it out of the project")
        return None
    except UnicodeDecodeError:
        span = Span(Source(file.shown, ""), 0, 0)
        bag.error("MS0203", f"`{file.shown}` is not UTF-8", span, help="save the file as UTF-8")
        return None
    except csv.Error as error:
        span = Span(Source(file.shown, "".join(lines)), 0, 0)
        bag.error("MS0313", f"the header cannot be read: {error}", span, help="write the columns' names, with commas")
        return None
    return Source(file.shown, "".join(lines)), header


def kept(stream: TextIO, lines: list[str]) -> Iterator[str]:
    """The lines of a file; each is put into `lines` too, as it is read."""
    for line in stream:
        lines.append(line)
        yield line


def _check_header(file: SeedFile, source: Source, header: list[str], bag: Bag) -> None:
    if not header:
        help = "write the columns' names into the first line"
        bag.error("MS0313", f"`{file.shown}` has no header", Span(source, 0, 0), help=help)
    seen: dict[str, Span] = {}
    start = 0
    for number, name in enumerate(header, 1):
        at = source.text.find(name, start)
        span = Span(source, max(at, start), max(at, start) + len(name))
        start = span.end + 1
        if not name.strip():
            help = "give the column a name, or remove it from every line"
            bag.error("MS0313", f"column {number} of `{file.shown}` has no name", span, help=help)
        elif not is_column(name):
            good_column(Word(name, span), bag)
        elif (first := seen.setdefault(name.lower(), span)) is not span:
            labels = [Label(first, "first here")]
            message = f"two columns of `{file.shown}` are called `{name}`"
            bag.error("MS0313", message, span, secondary=labels, help="rename one of them")
