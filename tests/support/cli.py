"""The command line, run in this process."""

from __future__ import annotations

import contextlib
import io
import traceback
from dataclasses import dataclass

from metasql.cli.main import main


@dataclass(frozen=True)
class Result:
    """What a command gave back. `code` is None where it let an exception through."""

    command: tuple[str, ...]
    code: int | None
    out: str
    err: str

    @property
    def refused(self) -> bool:
        """Whether the command turned the user's request down, in words."""
        return self.code in (1, 3) and "Traceback" not in self.err

    def __str__(self) -> str:
        return f"$ metasql {' '.join(self.command)}\nexit code {self.code}\n{self.err.strip()}"


def run_cli(*command: str) -> Result:
    """Run a command as a shell would, and take its output."""
    out, err = io.StringIO(), io.StringIO()
    code: int | None = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(list(command))
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except Exception:
            traceback.print_exc()
    return Result(command, code, out.getvalue(), err.getvalue())
