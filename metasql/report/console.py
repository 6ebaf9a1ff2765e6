"""Events as lines on stderr for people, as JSON lines for programs, and as a log file."""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text

from metasql.events import Emit, Event, NodeFinished, NodeStarted, Note, RunFinished, RunStarted, StatementRun

_STYLES = {"ok": "green", "warn": "yellow", "error": "red", "fail": "red", "skipped": "yellow"}


class TextConsole:
    """A live line for what is running, and one line per finished node."""

    def __init__(self, stream: TextIO, *, color: bool, quiet: bool, verbose: bool) -> None:
        self.console = Console(file=stream, no_color=not color, highlight=False, soft_wrap=True)
        self.quiet = quiet
        self.verbose = verbose
        self._live: Status | None = None
        self._running: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, NodeStarted):
                self._running[event.name] = f"{event.name} {event.kind}"
                self._show()
            elif isinstance(event, NodeFinished):
                self._running.pop(event.name, None)
                self._finished(event)
                self._show()
            elif isinstance(event, RunFinished):
                self._stop()
                self._summary(event)
            elif isinstance(event, Note) and not self.quiet:
                self.console.print(Text(event.text))
            elif isinstance(event, StatementRun) and self.verbose:
                self.console.print(Text(f"-- {event.purpose or 'ask'} ({event.seconds:.3f} s)", style="dim"))
                self.console.print(Text(event.sql, style="dim"))

    def _show(self) -> None:
        """The live line; only a terminal has one."""
        if not self.console.is_terminal or self.quiet:
            return
        if not self._running:
            self._stop()
            return
        words = ", ".join(self._running.values())
        if self._live is None:
            self._live = self.console.status(words)
            self._live.start()
        self._live.update(words)

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _finished(self, event: NodeFinished) -> None:
        if self.quiet and event.status in {"ok", "warn"}:
            return
        width = len(str(event.total))
        line = Text(f"[{event.index:>{width}}/{event.total}] ")
        line.append(event.name.removeprefix("assertion:"), style="bold")
        line.append(f"  {event.kind}  ")
        shown = event.text if event.status == "ok" else f"{event.status}: {event.text}"
        line.append(shown, style=_STYLES.get(event.status, ""))
        line.append(f"  {event.seconds:.2f} s", style="dim")
        self.console.print(line)

    def _summary(self, event: RunFinished) -> None:
        if self.quiet:
            return
        counts = " · ".join(f"{number} {status}" for status, number in sorted(event.counts.items())) or "nothing to do"
        self.console.print(Text(f"{event.command}: {counts}  {event.seconds:.2f} s"))


def as_dict(event: Event) -> dict[str, Any]:
    """An event for programs: its type in snake case, a time, and its values."""
    name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(event).__name__).lstrip("_")
    return {"event": name, "time": datetime.now(timezone.utc).isoformat(), **asdict(event)}


class JsonConsole:
    """Every event as one line of JSON; statements when `-v` asks for them."""

    def __init__(self, stream: TextIO, *, quiet: bool, verbose: bool) -> None:
        self.stream = stream
        self.quiet = quiet
        self.verbose = verbose

    def __call__(self, event: Event) -> None:
        if isinstance(event, StatementRun) and not self.verbose:
            return
        if self.quiet and not isinstance(event, NodeFinished):
            return
        print(json.dumps(as_dict(event), ensure_ascii=False), file=self.stream, flush=True)


LONGEST_LOG = 10_000_000
"""Bytes."""


class LogFile:
    """Everything that happens, statements too, as JSON lines in `target/logs/metasql.log`.

    A command that finds the file grown long begins a new one; one old file is kept.
    """

    def __init__(self, target: Path) -> None:
        self.path = target / "logs" / "metasql.log"
        self._file: TextIO | None = None
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                if self.path.exists() and self.path.stat().st_size > LONGEST_LOG:
                    self.path.replace(self.path.with_suffix(".1.log"))
                self._file = self.path.open("a", encoding="utf-8")
            self._file.write(json.dumps(as_dict(event), ensure_ascii=False) + "\n")
            if isinstance(event, (RunStarted, RunFinished)):
                self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def all_of(*listeners: Emit) -> Emit:
    """Every event to every listener."""

    def emit(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return emit


def stderr_console(*, color: bool, quiet: bool, verbose: bool, log_format: str) -> Emit:
    if log_format == "json":
        return JsonConsole(sys.stderr, quiet=quiet, verbose=verbose)
    return TextConsole(sys.stderr, color=color, quiet=quiet, verbose=verbose)
