"""A plan for people: in a terminal, and as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from metasql.execute.plan import Bounds, Work
from metasql.report.diff import change_lines
from metasql.report.plan import (
    Cost,
    Plan,
    cost_of,
    datasets_touched,
    exposures_touched,
    is_touched,
    pruned,
    stale_fields,
)

_STATES = {
    "new here": "never run here",
    "rebuilt": "its key changed: `--full-refresh` computes it anew",
    "outside": "written by other programs",
    "unmade": "the first run makes the warehouse",
}
HEAD = ("feature", "kind", "live", "new", "stale", "orphaned", "cost", "")
NUMBERS = ("live", "new", "stale", "orphaned", "cost")


def text_lines(plan: Plan) -> Iterator[str]:
    """What changed; then a table of what would be done; then what is pruned, and the sums."""
    for item in plan.diff.features:
        yield f"{item.change:<8} {item.key}"
        for line in change_lines(item):
            yield f"  {line}"
    if plan.diff.features:
        yield ""
    rows = list(plan_rows(plan))
    if rows:
        yield from _aligned(HEAD, rows)
        yield ""
    for line in _pruned(plan):
        yield line
    yield from _touched(plan)
    yield summary(plan)


def markdown_lines(plan: Plan) -> Iterator[str]:
    """The same for a comment."""
    yield f"### metasql plan: {plan.project} on {plan.target}"
    yield ""
    yield f"**{_escaped(summary(plan))}**"
    rows = list(plan_rows(plan))
    if rows:
        yield ""
        yield "| " + " | ".join((*HEAD[:-1], "why")) + " |"
        yield "| " + " | ".join("---:" if name in NUMBERS else "---" for name in HEAD) + " |"
        for row in rows:
            yield "| " + " | ".join(_escaped(cell) for cell in (f"`{row[0]}`", *row[1:])) + " |"
    kept = [*_pruned(plan), *_touched(plan)]
    if kept:
        yield ""
        yield from (f"- {_escaped(line)}" for line in kept)
    if plan.diff.features:
        yield ""
        yield "<details><summary>What is declared otherwise</summary>"
        yield ""
        for item in plan.diff.features:
            yield f"- {item.change} `{item.key}`"
            yield from (f"  - {_escaped(line)}" for line in change_lines(item))
        yield ""
        yield "</details>"


def summary(plan: Plan) -> str:
    """One line: what a run would do in all."""
    if plan.is_empty:
        return "nothing to do"
    if any(work.state == "unmade" for work in plan.works):
        return f"nothing was ever run on `{plan.target}`: all samples of {len(plan.works)} features are new"
    exact = [work for work in plan.works if work.is_counted]
    computed = plan.total("new") + plan.total("stale")
    parts = [f"{_words(computed)} to compute"]
    orphaned = plan.total("orphaned")
    if orphaned.most:
        parts.append(f"{_words(orphaned)} orphaned")
    parts += [_cost_words(cost) for _, cost in sorted(plan.costs().items()) if cost.most]
    if any(work.is_open for work in exact):
        parts.append("and new samples whose number is not known yet")
    missing = sum(not work.is_counted and work.state != "outside" for work in plan.works)
    if missing:
        parts.append(f"{missing} features not counted")
    return " · ".join(parts)


def plan_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """The features that a run would touch, and those that could not be counted."""
    for work in plan.works:
        if not is_touched(work) and work.is_counted and not work.waiting:
            continue
        if work.state == "outside":
            continue
        feature = plan.feature(work)
        cost = cost_of(feature, work)
        numbers = [_number(work.new, work.is_open), _number(work.stale), _number(work.orphaned)]
        yield (
            str(work.feature),
            feature.kind.value,
            f"{work.live:,}",
            *(numbers if work.is_counted else ["-"] * 3),
            _cost_words(cost) if cost is not None and cost.most else "",
            _remark(work),
        )


def _remark(work: Work) -> str:
    parts = [f"{item['field']} {item['samples']:,} {item['reason']}" for item in stale_fields(work)]
    if work.waiting:
        parts.append(f"{work.waiting:,} waiting for a parent")
    parts.append(_STATES.get(work.state, ""))
    if work.behind is not None:
        parts.append(f"not counted, as {work.behind} is not")
    parts += [item.message for item in work.error[:1]]
    return " · ".join(part for part in parts if part)


def _touched(plan: Plan) -> Iterator[str]:
    """What shows rows that would be others, beside the features."""
    for what, found in (("dataset", datasets_touched(plan)), ("exposure", exposures_touched(plan))):
        for name, parts in found:
            yield f"{what} {name}: touched by {', '.join(parts)}"


def _pruned(plan: Plan) -> Iterator[str]:
    for work, why in pruned(plan):
        yield f"{work.feature}: 0 of {work.live:,}, {why}"


def _number(bounds: Bounds, is_open: bool = False) -> str:
    if not bounds.most:
        return "0"
    return f"{bounds.most:,} or more" if is_open else f"{bounds.most:,}" if bounds.is_exact else f"≤ {bounds.most:,}"


def _words(bounds: Bounds) -> str:
    samples = "sample" if bounds.most == 1 else "samples"
    return f"{bounds.most:,} {samples}" if bounds.is_exact else f"at most {bounds.most:,} {samples}"


def _cost_words(cost: Cost) -> str:
    amount = f"{cost.most:,.2f}" if cost.most >= 0.01 else f"{cost.most:.2g}"
    return f"{amount} {cost.unit}" if cost.least == cost.most else f"≤ {amount} {cost.unit}"


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of one width each; numbers end at one edge."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if name in NUMBERS else cell.ljust(width)
            for name, cell, width in zip(head, row, widths, strict=True)
        ]
        yield "  ".join(cells).rstrip()


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
