"""The error catalogue: every code that metasql can say, with what `metasql explain` prints.

An entry's `title` is a few words, `why` says what is wrong and why metasql minds,
`example` is a small input that fails with this code, `fix` says what to do. There is a
module for each range of codes; entries stand in the order of their codes.
"""

from __future__ import annotations

from metasql.codes.assertions import ENTRIES as _07
from metasql.codes.commits import ENTRIES as _08
from metasql.codes.configuration import ENTRIES as _01
from metasql.codes.datasets import ENTRIES as _036
from metasql.codes.entry import Entry
from metasql.codes.environments import ENTRIES as _068
from metasql.codes.execution import ENTRIES as _06
from metasql.codes.internal import ENTRIES as _90
from metasql.codes.lineage import ENTRIES as _04
from metasql.codes.names import ENTRIES as _03
from metasql.codes.planning import ENTRIES as _05
from metasql.codes.projects import ENTRIES as _069
from metasql.codes.syntax import ENTRIES as _02
from metasql.codes.upkeep import ENTRIES as _066
from metasql.codes.versions import ENTRIES as _067

__all__ = ["CATALOGUE", "Entry"]

CATALOGUE: dict[str, Entry] = {
    **_01,
    **_02,
    **_03,
    **_036,
    **_04,
    **_05,
    **_06,
    **_066,
    **_067,
    **_068,
    **_069,
    **_07,
    **_08,
    **_90,
}
