"""Commit numbers on ClickHouse: taken first, and told to be finished once their rows can be seen, or never will be."""

from __future__ import annotations

import random
import time
import uuid

from metasql.execute import clickhouse_owner as owner
from metasql.execute.clickhouse_client import Client
from metasql.lower import clickhouse_storage as storage


class Commits:
    """Those of one session. `alone`: no other process can have the warehouse open."""

    def __init__(self, client: Client, schema: str, session: str, *, alone: bool) -> None:
        self._client = client
        self._schema = schema
        self._session = session
        self._alone = alone
        self._taken: list[int] = []

    def take(self) -> int:
        """Where another process took the same number at the same moment, or a higher one, it asks again."""
        purpose, tries = "take a commit number", 0
        token = f"{self._session}:{uuid.uuid4()}"
        while True:
            self._client.execute(storage.ask_commit(self._schema, token), purpose)
            [(number, rivals)] = self._client.fetch(storage.given_commit(self._schema, token), purpose)[1]
            if not rivals:
                self._taken.append(int(number))
                return int(number)
            time.sleep(random.uniform(0, 0.005 * 2 ** min(tries, 8)))
            tries += 1

    def finish(self) -> None:
        """Tell that the commits of a transaction are visible, or never will be."""
        if self._taken:
            sql = storage.finish_commits(self._schema, self._taken)
            self._client.execute(sql, "tell what is finished", repeat=True)
        self._taken = []

    def forget(self) -> None:
        """What was taken and not told stays unfinished until the session is over: the server may still work on it."""
        self._taken = []

    def horizon(self) -> int:
        """Below every number that is taken and not finished: who took it may be about to publish rows."""
        purpose = "see which commits are finished"
        highest = int(self._client.fetch(storage.highest_commit(self._schema), purpose)[1][0][0] or 0)
        unfinished = self._client.fetch(storage.unfinished_commits(self._schema, owner.HOURS), purpose)[1]
        for token, number, hours in unfinished:
            if not owner.is_finished(str(token), float(hours), alone=self._alone):
                highest = min(highest, int(number) - 1)
        return highest
