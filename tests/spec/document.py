"""Markdown as the tests read it: headings, fenced blocks, and the marks that are made beside them.

A spec is a file of sections, one test a section (`## Title`). Its fenced blocks are

    ```yaml models/x.yml        a file of the project (any language, any path)
    ```console                  `$ metasql …`: the command, instead of `metasql parse`, and what it prints
    ```text diagnostics         all diagnostics, in full
    ```sql compiled:x           the compiled SQL of relation `x`

What stands before the first section belongs to every section; a section's own file wins.
A comment `error: [MS0302]` or `warning: [MS0302]` in a file, after `#`, `--` or `{#`, says
what must be reported on its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

_FENCE = re.compile(r"^(`{3,})(.*)$")
_EXPECTED = re.compile(r"(?:#|--|\{#)\s*(error|warning): \[(MS\d{4}(?:, ?MS\d{4})*)\]")
_COMMENT = re.compile(r"^<!--\s*(.*?)\s*-->$")


@dataclass(frozen=True)
class Block:
    """One fenced block: its info string, its text, the 0-based lines between its fences, and the mark above it."""

    info: str
    text: str
    start: int
    end: int
    mark: str | None = None
    section: str | None = None

    @property
    def language(self) -> str:
        return self.info.partition(" ")[0]

    @property
    def argument(self) -> str:
        """What stands after the language: a path, `diagnostics`, `compiled:x`."""
        return self.info.partition(" ")[2].strip()


@dataclass(frozen=True, order=True)
class Expected:
    """A diagnostic that a comment asks for."""

    path: str
    line: int
    code: str
    severity: str


@dataclass(frozen=True)
class Spec:
    """One section: a project, what is run in it, and what must come."""

    title: str
    files: dict[str, str] = field(default_factory=dict)
    console: str | None = None
    diagnostics: str | None = None
    compiled: dict[str, str] = field(default_factory=dict)

    def expected(self) -> list[Expected]:
        """What the comments in the files ask for."""
        return sorted(
            Expected(path, number, code.strip(), severity)
            for path, text in self.files.items()
            for number, line in enumerate(text.split("\n"), 1)
            for severity, codes in _EXPECTED.findall(line)
            for code in codes.split(",")
        )


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown text, in order."""
    lines = text.split("\n")
    section, mark, at = None, None, 0
    while at < len(lines):
        line = lines[at]
        fence = _FENCE.match(line)
        if fence is not None:
            end = next((n for n in range(at + 1, len(lines)) if lines[n].strip() == fence[1]), None)
            if end is None:
                raise ValueError(f"line {at + 1}: the block is never closed")
            inner = "".join(f"{row}\n" for row in lines[at + 1 : end])
            yield Block(fence[2].strip(), inner, at + 1, end, mark, section)
            at, mark = end, None
        elif comment := _COMMENT.match(line.strip()):
            mark = comment[1]
        elif line.startswith("## "):
            section, mark = line[3:].strip(), None
        elif line.strip():
            mark = None
        at += 1


def specs(text: str) -> list[Spec]:
    """The sections of a spec file that hold any block."""
    shared = Spec("")
    found: dict[str, Spec] = {}
    for block in blocks(text):
        if block.section is None:
            shared = _add(shared, block)
        else:
            found[block.section] = _add(found.get(block.section, replace(shared, title=block.section)), block)
    return list(found.values())


def _add(spec: Spec, block: Block) -> Spec:
    if block.language == "console":
        return replace(spec, console=block.text)
    if block.info == "text diagnostics":
        return replace(spec, diagnostics=block.text)
    if block.argument.startswith("compiled:"):
        return replace(spec, compiled={**spec.compiled, block.argument.removeprefix("compiled:"): block.text})
    if not block.argument:
        raise ValueError(f"line {block.start}: a block says neither a file's path nor what is expected")
    return replace(spec, files={**spec.files, block.argument: block.text})


def update(path: Path, section: str, info: str, text: str) -> None:
    """Write a new text into the block of a section, in place."""
    old = path.read_text(encoding="utf-8")
    block = next(block for block in blocks(old) if block.section == section and block.info == info)
    lines = old.split("\n")
    lines[block.start : block.end] = text.rstrip("\n").split("\n")
    path.write_text("\n".join(lines), encoding="utf-8")
