"""Results as frozen values, which show themselves as a table: as text in a terminal, as HTML in a notebook."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar, Generic, TypeVar, overload

from metasql.execute.plan import Bounds
from metasql.execute.plan import Work as PlannedWork
from metasql.execute.results import NodeResult, RunResult
from metasql.report.lineage import Step
from metasql.report.plan import Plan, plan_document
from metasql.report.plan_text import HEAD, plan_rows
from metasql.report.plan_text import NUMBERS as NUMBERS_OF_A_PLAN
from metasql.report.status import COLUMNS, NUMBERS, FeatureStatus, rows

Item = TypeVar("Item")


@dataclass(frozen=True, repr=False)
class Listing(Sequence[Item], Generic[Item]):
    """Some values in their order, and their rows as a table."""

    items: tuple[Item, ...]

    columns: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def rows(self) -> list[tuple[object, ...]]:
        """What the table shows, a row for each item."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """The same as plain data."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows()]

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        return self.items[index]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __repr__(self) -> str:
        return as_text(self.columns, self.rows(), self.numbers)

    def _repr_html_(self) -> str:
        return as_html(self.columns, self.rows(), self.numbers)


class Status(Listing[FeatureStatus]):
    """What is to be done, a `FeatureStatus` for each feature, upstream first."""

    columns = COLUMNS
    numbers = NUMBERS

    def rows(self) -> list[tuple[object, ...]]:
        return rows(self.items)

    def to_dicts(self) -> list[dict[str, Any]]:
        """For each feature its counts as numbers, its state and its stale fields."""
        return [item.as_dict() for item in self.items]


class Lineage(Listing[Step]):
    """What fields are made of, or reach: a `LineageStep` for each field and one thing that it is made of."""

    columns = ("field", "made of", "read at")

    def rows(self) -> list[tuple[object, ...]]:
        return [(step.field, step.parent, _places(step)) for step in self.items]

    def to_dicts(self) -> list[dict[str, Any]]:
        """The steps with the columns that are read, how, and where."""
        return [step.as_dict() for step in self.items]


def _places(step: Step) -> str:
    return ", ".join(f"{read.column or 'rows'} {read.place}" for read in step.reads)


@dataclass(frozen=True, repr=False)
class RunReport(Listing[NodeResult]):
    """A run: a `NodeResult` for each feature, in the order in which they were done."""

    run_id: str
    ok: bool
    seconds: float

    columns = ("name", "kind", "status", "written", "deleted", "what", "seconds")
    numbers = ("written", "deleted", "seconds")

    @classmethod
    def of(cls, result: RunResult) -> RunReport:
        return cls(result.nodes, result.run_id, result.ok, result.seconds)

    def rows(self) -> list[tuple[object, ...]]:
        return [
            (node.name, node.kind, node.status, node.written, node.deleted, node.text, f"{node.seconds:.2f}")
            for node in self.items
        ]


@dataclass(frozen=True, repr=False)
class PlanReport(Listing[PlannedWork]):
    """What a run would do: a `PlannedWork` for each feature, upstream first.

    `document` is what `metasql plan --format json` writes: what is declared otherwise, and the sums with their costs.
    """

    document: Mapping[str, Any]
    _rows: tuple[tuple[str, ...], ...]

    columns = HEAD
    numbers = NUMBERS_OF_A_PLAN

    @classmethod
    def of(cls, plan: Plan) -> PlanReport:
        return cls(plan.works, plan_document(plan), tuple(tuple(row) for row in plan_rows(plan)))

    @property
    def samples(self) -> Bounds:
        """The samples that would be computed, at least and at most."""
        return sum((item.computed for item in self.items), Bounds())

    def rows(self) -> list[tuple[object, ...]]:
        """Those features to which something would be done, as `metasql plan` shows them."""
        return list(self._rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """For each feature what would be done, with bounds, fields and cost."""
        return list(self.document["features"])


@dataclass(frozen=True)
class Committed:
    """What a commit came to.

    `rows` of the batch, how many of them `changed` what is stored, how many children were `deleted` because their
    input no longer gives them, and the number of the `commit`, None where nothing changed.
    """

    feature: str
    rows: int
    changed: int
    deleted: int
    commit: int | None


def as_text(columns: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str]) -> str:
    """A table of plain text, every cell on one line."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[index]) for row in cells)]) for index, name in enumerate(columns)]

    def line(row: Sequence[str]) -> str:
        padded = [
            text.rjust(width) if name in numbers else text.ljust(width)
            for name, text, width in zip(columns, row, widths, strict=True)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(columns), line(["─" * width for width in widths]), *(line(row) for row in cells)])


def as_html(columns: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str]) -> str:
    """The same as an HTML table."""

    def row(cells: Sequence[str], tag: str) -> str:
        made = [
            f'<{tag} style="text-align: {"right" if name in numbers else "left"}">{escape(text)}</{tag}>'
            for name, text in zip(columns, cells, strict=True)
        ]
        return f"<tr>{''.join(made)}</tr>"

    body = "".join(row([_cell(value) for value in values], "td") for values in rows)
    return f"<table><thead>{row(columns, 'th')}</thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())
