"""What went wrong on the way to a server, as errors of the catalogue."""

from __future__ import annotations

import re
import socket
import ssl

from clickhouse_connect.driver.exceptions import Error as DriverError
from urllib3 import exceptions as http

from metasql.diagnostics import MetasqlError
from metasql.execute import clickhouse_errors as errors
from metasql.execute.clickhouse_errors import Where


def told(error: Exception, purpose: str, where: Where, patience: float, *, opening: bool = False) -> MetasqlError:
    """An error of the driver as one of metasql's."""
    text = str(error)
    code = error.code if isinstance(error, DriverError) else None
    if code is None and (found := re.search(r"\bCode: (\d+)\.", text)):
        code = int(found.group(1))
    if code is not None:
        return errors.refused(code, text, purpose, where)
    cause = _cause(error)
    if cause is not None:
        made = _on_the_way(cause, purpose, where, patience)
        if "MS0632" in made.codes and not opening:
            return errors.lost(where, purpose, "it does not answer any more")
        return made
    if "is readonly" in text or "readonly setting" in text:
        return errors.read_only_user(where, 1)
    status = re.search(r"HTTP status (\d+)", text)
    if status is not None:
        return errors.no_clickhouse(where, f"it says HTTP status {status.group(1)}, and not what ClickHouse would")
    if opening:
        if "unknown" in text.lower() and "setting" in text.lower():
            return errors.cannot_open(where, errors.said(text))
        return errors.no_clickhouse(where, "its answer cannot be read")
    return errors.refused(None, text, purpose, where)


def _cause(error: BaseException) -> BaseException | None:
    """The innermost fault of the connection behind an error."""
    found: BaseException | None = None
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        if isinstance(now, (http.HTTPError, OSError, ssl.SSLError)):
            found = now
        reason = getattr(now, "reason", None)
        now = reason if isinstance(reason, BaseException) else now.__cause__ or now.__context__
    return found


def _on_the_way(cause: BaseException, purpose: str, where: Where, patience: float) -> MetasqlError:
    chain = list(_chain(cause))
    if any(isinstance(item, (ssl.SSLCertVerificationError, http.InsecureRequestWarning)) for item in chain):
        return errors.no_trust(where, _first(chain, ssl.SSLError))
    if any(isinstance(item, (ssl.SSLError, http.SSLError)) for item in chain):
        return errors.no_clickhouse(where, "it does not speak TLS: leave `secure` out, or give the port of HTTPS")
    if any(isinstance(item, (socket.gaierror, http.NameResolutionError)) for item in chain):
        return errors.unreachable(where, "its name is not known")
    if any(isinstance(item, ConnectionRefusedError) for item in chain):
        return errors.unreachable(where, "the connection is refused: nothing listens there")
    if any(isinstance(item, http.ConnectTimeoutError) for item in chain):
        return errors.unreachable(where, "it does not answer in time (`connect_timeout`)")
    if any(isinstance(item, (http.ReadTimeoutError, TimeoutError)) for item in chain):
        return errors.too_slow(where, purpose, patience)
    if any("BadStatusLine" in type(item).__name__ or "BadStatusLine" in str(item) for item in chain):
        return errors.no_clickhouse(where, "its answer is not HTTP")
    if any(isinstance(item, http.NewConnectionError) for item in chain):
        return errors.unreachable(where, "it cannot be reached from here")
    return errors.lost(where, purpose, "it was closed before an answer came")


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and all(error is not other for other in found):
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _first(chain: list[BaseException], kind: type[BaseException]) -> str:
    for item in chain:
        if isinstance(item, kind):
            return str(item.args[-1] if item.args else item)[:200]
    return ""
