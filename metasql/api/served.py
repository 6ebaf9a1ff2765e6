"""A committer: one process that has the warehouse open, hands out increments, and takes back results for others.

It speaks HTTP on this machine alone, unless it is told otherwise, and to those alone who know its token.
"""

from __future__ import annotations

import hmac
import json
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from metasql.api.forms import PARTS, TOKEN, Part, told, unpacked
from metasql.api.warehouse import Warehouse
from metasql.diagnostics import MetasqlError

Answer = tuple[bytes, str]


class Committer:
    """Serves a warehouse until `stop`, to as many workers as there are; they take turns to write."""

    def __init__(self, warehouse: Warehouse, token: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self._warehouse = warehouse
        warehouse._upkeep.for_all = True
        self._token = token
        try:
            self._server = ThreadingHTTPServer((host, port), self._handler())
        except (OSError, OverflowError) as error:
            raise MetasqlError.of(
                "MS0652",
                f"nothing can be served at {host}:{port}",
                notes=[str(error)],
                help="choose another `--port`, or 0 for any that is free",
            ) from None
        self._server.daemon_threads = False

    @property
    def address(self) -> str:
        """Where workers find it."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def serve(self) -> None:
        """Answer until `stop` is called, and then those who asked before."""
        self._server.serve_forever(poll_interval=0.1)
        self._server.server_close()

    def stop(self) -> None:
        """Let `serve` come to its end; to be called by another thread."""
        threading.Thread(target=self._server.shutdown, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        committer = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                committer.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """The events of the warehouse tell what happens."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Do what is asked, or say why not; a worker that is gone hears nothing of it."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if not hmac.compare_digest(request.headers.get(TOKEN, "").encode(), self._token.encode()):
            self._send(request, 403, b"{}", "application/json")
            return
        try:
            parts = unpacked(request.headers.get(PARTS, ""), body)
            content, kind = self._do(request.path.strip("/"), parts)
            self._send(request, 200, content, kind)
        except MetasqlError as error:
            self._send(request, 422, json.dumps(told(error)).encode(), "application/json")
        except Exception as error:
            bug = MetasqlError.of(
                "MS9001",
                f"metasql itself failed: {type(error).__name__}",
                notes=[str(error)[:300]],
                help="please report this with what was asked for; nothing half-written was left behind",
            )
            self._send(request, 500, json.dumps(told(bug)).encode(), "application/json")

    def _send(self, request: BaseHTTPRequestHandler, code: int, content: bytes, kind: str) -> None:
        try:
            request.send_response(code)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(content)))
            request.end_headers()
            request.wfile.write(content)
        except OSError:
            return  # the worker is gone; to commit again changes nothing

    def _do(self, what: str, parts: Mapping[str, Part]) -> Answer:
        asked = json.loads(parts["asked"].content)
        works: dict[str, Callable[[dict[str, Any], Mapping[str, Part]], Answer]] = {
            "commit": self._commit,
            "errors": self._errors,
            "increment": self._increment,
            "retry": self._retry,
        }
        return works[what](asked, parts)

    def _increment(self, asked: dict[str, Any], parts: Mapping[str, Part]) -> Answer:
        del parts
        shard, size = asked.pop("shard"), asked.pop("size")
        found = self._warehouse.increment(**asked, shard=tuple(shard) if shard else None)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rows.arrow")
            found._export(path, size)
            return path.read_bytes(), "application/vnd.apache.arrow.file"

    def _commit(self, asked: dict[str, Any], parts: Mapping[str, Part]) -> Answer:
        with ExitStack() as files:
            inputs = _file(parts["inputs"], files) if "inputs" in parts else None
            done = self._warehouse.commit(asked["key"], _file(parts["results"], files), inputs=inputs)
        return _json(asdict(done))

    def _errors(self, asked: dict[str, Any], parts: Mapping[str, Part]) -> Answer:
        with ExitStack() as files:
            return _json(self._warehouse.commit_errors(asked["key"], _file(parts["results"], files)))

    def _retry(self, asked: dict[str, Any], parts: Mapping[str, Part]) -> Answer:
        del parts
        return _json(self._warehouse.retry(asked["key"], where=asked["where"]))


def _file(part: Part, files: ExitStack) -> Path:
    folder = files.enter_context(tempfile.TemporaryDirectory())
    path = Path(folder, f"rows.{part.form}")
    path.write_bytes(part.content)
    return path


def _json(value: Any) -> Answer:
    return json.dumps(value).encode(), "application/json"
