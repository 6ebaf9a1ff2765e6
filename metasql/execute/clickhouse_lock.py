"""One run at a time on a ClickHouse target: a row with a heartbeat (docs/decisions/0015-one-run-at-a-time.md).

A run writes its claim, and then reads all that there are. It has the target when it sees no other one: of two that
claim at once, the one whose claim is written later sees the other, so both never have it. Where several wait, the
first of them keeps its claim, and the others take theirs back until they try again. Whoever has given no sign of life
for `DEAD` seconds by the server's clock, or is a process of this machine that is no more, is ended by who waits.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from metasql.config.profiles import Target
from metasql.diagnostics import MetasqlError
from metasql.events import Emit, Note, silent
from metasql.execute import clickhouse_owner as owner
from metasql.execute.clickhouse_client import Client
from metasql.execute.clickhouse_open import is_chdb, open_client
from metasql.execute.holding import Held, Holder, in_progress
from metasql.lower import clickhouse_locks as locks
from metasql.lower.dialect import Dialect

BEAT = 5.0
"""Seconds from one sign of life to the next."""

DEAD = 30.0
"""Seconds without one, after which a run counts as dead."""

ALIVE = "say that the run is alive"


@dataclass(frozen=True)
class Claim:
    """A row of the table. `silent`: seconds since its last heartbeat."""

    holder: Holder
    session: str
    silent: float
    waiting: bool


@contextmanager
def hold(target: Target, dialect: Dialect, holder: Holder, patience: float, emit: Emit) -> Iterator[Held]:
    """The target for one command; a thread with a connection of its own keeps it.

    Raises: MetasqlError MS0608 where another run has it for longer than `patience`.
    """
    # Its statements are no part of what the command does, and stand in no log of it.
    client = open_client(target, dialect, silent, read_only=False)
    client.run = holder.run_id
    lock = Lock(client, target.schema, holder, emit, alone=is_chdb(target))
    try:
        lock.take(patience)
        yield lock
    finally:
        lock.release()
        client.close()


class Lock:
    """The claim of one run. `alone`: no other process can have the warehouse open."""

    def __init__(self, client: Client, schema: str, holder: Holder, emit: Emit, *, alone: bool) -> None:
        self._client = client
        self._schema = schema
        self._holder = holder
        self._emit = emit
        self._alone = alone
        self._session = owner.begin()
        self._ending = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="metasql-heartbeat", daemon=True)
        self._alive_at = time.monotonic()
        self._lost = False

    def take(self, patience: float) -> None:
        until, told = time.monotonic() + patience, False
        while (other := self._claim()) is not None:
            if time.monotonic() >= until:
                raise _busy(other)
            if not told:
                self._emit(Note(f"waiting for {other.holder}, for up to {patience:g} s"))
                told = True
            time.sleep(min(random.uniform(0.05, 0.5), max(0.0, until - time.monotonic())))
        self._beating.start()

    def check(self) -> None:
        """Between heartbeats nobody else can have been given the target, unless this process stood still."""
        if self._lost or time.monotonic() - self._alive_at > DEAD:
            raise MetasqlError.of(
                "MS0609",
                "this run lost its lock on the target",
                notes=[f"it gave no sign of life for {DEAD:g} s, so that another run may have begun"],
                help="run it again: it goes on with what is not done",
            )

    def release(self) -> None:
        """To be called whether it was taken or not."""
        self._ending.set()
        if self._beating.is_alive():
            self._beating.join()
        try:
            self._end(self._holder.run_id)
        except MetasqlError:
            pass  # it ends by its silence
        finally:
            owner.end(self._session)

    # Claiming

    def _claim(self) -> Claim | None:
        """Who is in the way; None where nobody is, and the target is ours."""
        run_id = self._holder.run_id
        while True:
            self._tell()
            claims = self._claims()
            others = [claim for claim in claims if claim.holder.run_id != run_id]
            live = [claim for claim in others if not self._bury(claim)]
            if len(claims) == len(others) or len(live) < len(others):
                continue  # somebody took us for dead, or the dead are gone now: look again before anything is taken
            if not live:
                self._alive_at = time.monotonic()
                self._execute(locks.beat(self._schema, run_id), "take the target")
                return None
            if next(claim for claim in claims if claim.waiting).holder.run_id != run_id:
                self._end(run_id)
            return live[0]

    def _tell(self) -> None:
        """The claim is there before anybody else's is looked at."""
        mine = self._holder
        if any(claim.holder.run_id == mine.run_id for claim in self._claims()):
            self._execute(locks.beat(self._schema, mine.run_id, waiting=True), ALIVE)
            return
        texts = {"run_id": mine.run_id, "command": mine.command, "author": mine.author, "host": mine.host}
        sql = locks.claim(self._schema, {**texts, "session": self._session}, mine.process)
        self._execute(sql, "ask for the target")

    def _bury(self, claim: Claim) -> bool:
        """End a claim whose run is dead."""
        gone = owner.is_over(f"{owner.PREFIX}{claim.session}__", 0, alone=self._alone)
        if not gone and claim.silent <= DEAD:
            return False
        if not claim.waiting:
            why = "its process is no more" if gone else f"its last sign of life was {claim.silent:.0f} s ago"
            self._emit(Note(f"note: {claim.holder} died: {why}; its lock is taken over"))
        self._end(claim.holder.run_id)
        return True

    # Staying alive

    def _beat(self) -> None:
        while not self._ending.wait(BEAT):
            try:
                at = time.monotonic()
                self._execute(locks.beat(self._schema, self._holder.run_id), ALIVE)
                if all(claim.holder.run_id != self._holder.run_id for claim in self._claims(ALIVE)):
                    self._lost = True
                    return
                self._alive_at = at
            except MetasqlError:
                continue  # the next one may get through

    # The table

    def _claims(self, purpose: str = "see who has the target") -> list[Claim]:
        rows = self._client.fetch(locks.claims(self._schema), purpose)[1]
        return [
            Claim(
                Holder(str(run_id), str(command), str(author), str(host), int(process), str(since)[:19]),
                str(session),
                float(silent_for),
                bool(waiting),
            )
            for run_id, command, author, host, session, process, since, silent_for, waiting in rows
        ]

    def _end(self, run_id: str) -> None:
        self._execute(locks.beat(self._schema, run_id, released=True), "leave the target to others")

    def _execute(self, sql: str, purpose: str) -> None:
        self._client.execute(sql, purpose, repeat=True)


def _busy(other: Claim) -> MetasqlError:
    if other.waiting:
        notes = ["it waits for the target, too, and is first"]
    else:
        notes = [f"its last sign of life was {other.silent:.0f} s ago; after {DEAD:g} s it counts as dead"]
    help = "wait for it with `--lock-timeout SECONDS`, or end that process: the next run then takes the lock over"
    return in_progress(other.holder, notes, help)
