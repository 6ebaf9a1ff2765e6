"""What ClickHouse and the way to it refuse, as errors of the catalogue. No driver is loaded.

Nothing of a request is shown: its address holds the target's settings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from metasql.diagnostics import MetasqlError

_MESSAGE = re.compile(r"DB::(?:\w+)?Exception: (.*)", re.DOTALL)
_TRAILERS = re.compile(r"(\s*\(for url [^)]*\)|\s*\(version [^()]*(\([^()]*\))?[^()]*\)|\s*\(query [^)]*\))+\s*$")


@dataclass(frozen=True)
class Where:
    """How messages name a target: never with its password."""

    target: str
    place: str
    user: str
    schema: str


def said(message: str, limit: int = 400) -> str:
    """What the engine said, without its version, the address of the server, and the text of the statement."""
    found = _MESSAGE.search(message)
    text = _TRAILERS.sub("", found.group(1) if found else message).strip()
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def refused(code: int | None, message: str, purpose: str, where: Where) -> MetasqlError:
    """A statement that the engine did not carry out."""
    notes = [f"ClickHouse says: {said(message)}"] + ([f"while it was to {purpose}"] if purpose else [])
    if "No space left on device" in message:
        code = 243
    made = _KNOWN.get(code or 0)
    if made is None:
        return MetasqlError.of("MS0610", "the engine refused a statement", notes=notes, help="`-v` shows the statement")
    error, text, help_ = made
    told = {"target": where.target, "place": where.place, "user": where.user, "schema": where.schema}
    return MetasqlError.of(error, text.format(**told), notes=notes, help=help_.format(**told))


_RIGHTS = "give `{user}` the rights to create, alter, drop and write tables and views in `{schema}`"
_REPLICA = "see that all nodes of the cluster are up, and run it again: it goes on with what is not done"
_KNOWN: dict[int, tuple[str, str, str]] = {
    **dict.fromkeys(
        (192, 193, 194, 516),
        (
            "MS0631",
            "user `{user}` or the password of target `{target}` is not accepted at {place}",
            "correct `username` and `password` of the target; `metasql debug` tries them",
        ),
    ),
    **dict.fromkeys(
        (164, 497), ("MS0634", "user `{user}` of target `{target}` may not do what metasql needs", _RIGHTS)
    ),
    **dict.fromkeys(
        (46, 60, 81),
        (
            "MS0611",
            "a relation or function does not exist",
            "check that the table is there and is spelt so; `metasql seed` loads seeds",
        ),
    ),
    241: (
        "MS0612",
        "the engine ran out of memory",
        "raise `max_memory_usage` under `settings` of the target, or let it write to disk: "
        "`max_bytes_before_external_group_by`, `max_bytes_before_external_sort`, `join_algorithm: grace_hash`",
    ),
    394: ("MS0613", "the statement was interrupted", "run it again"),
    **dict.fromkeys(
        (115, 452),
        (
            "MS0605",
            "a setting of target `{target}` is not accepted at {place}",
            "correct `settings` of the target",
        ),
    ),
    243: (
        "MS0636",
        "no disk space is left at {place}",
        "make room there, and run it again: what was being written is not visible, and is cleared away",
    ),
    **dict.fromkeys(
        (159, 160),
        (
            "MS0637",
            "the statement took longer than it may",
            "raise `max_execution_time` under `settings` of the target",
        ),
    ),
    **dict.fromkeys(
        (209, 210, 225, 242, 279, 285, 286, 289, 999),
        ("MS0639", "a node of the cluster at {place} does not take part", _REPLICA),
    ),
}


def not_installed(where: Where) -> MetasqlError:
    return MetasqlError.of(
        "MS0601",
        f"target `{where.target}` needs the package `chdb`, which is not installed",
        help="`pip install 'metasql[chdb]'`",
    )


def no_relation() -> MetasqlError:
    return MetasqlError.of(
        "MS0504",
        "ClickHouse's clients have no lazy relations",
        help="take the text of the query with `.sql()`, or its rows with `.batches()`",
    )


def no_file(path: Path) -> MetasqlError:
    return MetasqlError.of(
        "MS0616",
        f"a ClickHouse database cannot be published as a file at `{path}`",
        help="let readers ask the server; `--publish` is for targets of type `duckdb`",
    )


def in_use(where: Where, process: int | None) -> MetasqlError:
    who = f"process {process}" if process else "another process, or was written by something else"
    return MetasqlError.of(
        "MS0602",
        f"the warehouse `{where.place}` is in use by {who}",
        notes=["chDB lets one process at a time have a folder, for reading too"],
        help="wait until it is done (`--lock-timeout SECONDS`); several at once need a ClickHouse server",
    )


def not_there(where: Where) -> MetasqlError:
    return MetasqlError.of(
        "MS0603",
        f"the warehouse `{where.place}` of target `{where.target}` does not exist yet",
        help="run `metasql build` first",
    )


def cannot_open(where: Where, reason: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0605",
        f"the warehouse at `{where.place}` of target `{where.target}` cannot be opened",
        notes=[reason] if reason else [],
        help="correct the target in `profiles.yml`; see `metasql debug`",
    )


def other_path(where: Where) -> MetasqlError:
    return MetasqlError.of(
        "MS0605",
        f"the warehouse at `{where.place}` cannot be opened beside another one",
        notes=["chDB opens one folder at a time in a process"],
        help="close the other connection first",
    )


def unreachable(where: Where, reason: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0632",
        f"no server answers at {where.place}",
        notes=[reason],
        help=f"correct `host` and `port` of target `{where.target}`, or start the server",
    )


def no_clickhouse(where: Where, reason: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0633",
        f"what answers at {where.place} is not ClickHouse's HTTP interface",
        notes=[reason],
        help="`port` is that of HTTP (8123, or 8443 with `secure: true`), not that of the native protocol (9000)",
    )


def no_trust(where: Where, reason: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0640",
        f"the certificate of {where.place} is not trusted",
        notes=[reason],
        help="name the authority that signed it with `ca_cert: FILE`; `verify: false` trusts whoever answers",
    )


def lost(where: Where, purpose: str, reason: str) -> MetasqlError:
    return MetasqlError.of(
        "MS0638",
        f"the connection to {where.place} was lost",
        notes=[reason] + ([f"while it was to {purpose}"] if purpose else []),
        help="run it again: it goes on with what is not done",
    )


def no_answer(where: Where, purpose: str) -> MetasqlError:
    notes = ["it told of rows and sent none: it puts answers aside on its disk"]
    return MetasqlError.of(
        "MS0636",
        f"no disk space is left at {where.place}",
        notes=notes + ([f"while it was to {purpose}"] if purpose else []),
        help="make room there, and run it again: what was being written is not visible, and is cleared away",
    )


def too_slow(where: Where, purpose: str, seconds: float) -> MetasqlError:
    return MetasqlError.of(
        "MS0637",
        f"{where.place} said nothing for {seconds:g} s",
        notes=[f"while it was to {purpose}"] if purpose else [],
        help=f"raise `send_receive_timeout` of target `{where.target}`",
    )


def read_only_user(where: Where, level: int) -> MetasqlError:
    notes = [f"its profile says `readonly = {level}`"]
    if level == 1:
        notes.append("metasql's queries are sent with settings of their own, which `readonly = 1` forbids")
    return MetasqlError.of(
        "MS0634",
        f"user `{where.user}` of target `{where.target}` may not do what metasql needs",
        notes=notes,
        help="commands that read need `readonly = 2`, those that write `readonly = 0`",
    )


def no_database(where: Where, notes: Sequence[str]) -> MetasqlError:
    return MetasqlError.of(
        "MS0635",
        f"the database `{where.schema}` of target `{where.target}` does not exist",
        notes=notes,
        help="`metasql run` makes it, where the user may; or correct `schema` of the target",
    )


def no_cluster(where: Where, cluster: str, known: Sequence[str]) -> MetasqlError:
    return MetasqlError.of(
        "MS0642",
        f"the server at {where.place} knows no cluster `{cluster}`",
        notes=[f"it knows: {', '.join(known)}" if known else "it knows none"],
        help=f"correct `cluster` of target `{where.target}`, or name it in `remote_servers` of the server",
    )


def other_nodes(where: Where, cluster: str, nodes: int, listed: int) -> MetasqlError:
    return MetasqlError.of(
        "MS0642",
        f"cluster `{cluster}` has {nodes} nodes, and target `{where.target}` lists {listed}",
        help="list host and HTTP port of each of its nodes in `nodes`; or leave `nodes` out: then ON CLUSTER is used",
    )


def other_shards(where: Where, cluster: str, then: int, now: int) -> MetasqlError:
    return MetasqlError.of(
        "MS0643",
        f"cluster `{cluster}` has {now} shards, and the rows of `{where.schema}` are spread over {then}",
        notes=["a hash of each key, modulo the number of shards, says on which of them a sample lies"],
        help="bring the cluster back to that number, or run into a new database (`schema` of the target)",
    )
