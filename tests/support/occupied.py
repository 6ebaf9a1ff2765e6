"""What may stand in the way of a warehouse: another process that has it open, or something else in its place."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

_HELD = "; print('held', flush=True); sys.stdin.read(); held.close()"

DUCKDB = f"import duckdb, sys; held = duckdb.connect(sys.argv[1]){_HELD}"
CHDB = f"import clickhouse_connect as c, sys; held = c.get_client(interface='chdb', path=sys.argv[1]){_HELD}"
SERVER = (
    "import clickhouse_connect as c, sys; port, user, password = sys.argv[1:];"
    f" held = c.get_client(host='127.0.0.1', port=int(port), username=user, password=password){_HELD}"
)
"""Programs that open a warehouse and keep it open."""


@contextmanager
def held_by_process(program: str, *arguments: str) -> Iterator[int]:
    """The number of a process that has a warehouse open meanwhile."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.communicate()


@contextmanager
def other_file(path: Path) -> Iterator[None]:
    """A file of something else, which has to be left as it is."""
    text = "no database at all, but a text of some length" * 20
    if path.is_dir():
        shutil.rmtree(path)
    path.write_text(text, encoding="utf-8")
    yield
    assert path.read_text(encoding="utf-8") == text


class _Other(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"nothing of that name here")

    do_POST = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def other_server(port: int) -> Iterator[None]:
    """An HTTP server of something else."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Other)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
