"""An example's README as steps: commands with what they print, and edits of files.

    ```console              `$ command`, and below it what comes; the next `$ ` begins the next one
    ```diff models/x.yml    lines to take out (`-`) and to put in (`+`) of a file, as a reader would do it

Other blocks are for reading alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.spec.document import Block, blocks


@dataclass(frozen=True)
class Command:
    """A command, where it stands, and the lines (from, to) below it that show what it prints."""

    text: str
    shown: str
    start: int
    end: int


@dataclass(frozen=True)
class Edit:
    """A passage of a file that becomes another one."""

    path: str
    old: str
    new: str

    def apply(self, folder: Path) -> None:
        """Make the edit; the passage must stand in the file once."""
        file = folder / self.path
        text = file.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.path} has this {text.count(self.old)} times:\n{self.old}"
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")


def steps(text: str) -> Iterator[Command | Edit]:
    """What a reader of the README does, in order."""
    for block in blocks(text):
        if block.language == "console":
            yield from _commands(block)
        elif block.language == "diff" and block.argument:
            yield _edit(block)


def _commands(block: Block) -> Iterator[Command]:
    lines = block.text.split("\n")[:-1]
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    assert starts[:1] == [0], f"line {block.start + 1}: a console block begins with `$ `"
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        shown = "".join(f"{line}\n" for line in lines[start + 1 : end])
        yield Command(lines[start].removeprefix("$ "), shown, block.start + start + 1, block.start + end)


def _edit(block: Block) -> Edit:
    lines = block.text.split("\n")[:-1]
    old = "".join(f"{line[1:]}\n" for line in lines if line[:1] in ("-", " "))
    new = "".join(f"{line[1:]}\n" for line in lines if line[:1] in ("+", " "))
    return Edit(block.argument, old, new)


def renewed(text: str, came: Mapping[Command, str]) -> str:
    """The README with other outputs below some of its commands."""
    lines = text.split("\n")
    for command in sorted(came, key=lambda command: command.start, reverse=True):
        lines[command.start : command.end] = [line.rstrip() for line in came[command].rstrip().split("\n")]
    return "\n".join(lines)
