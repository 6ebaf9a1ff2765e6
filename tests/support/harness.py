"""Runs a case through the command line, step by step, and says where it departs from what is expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tests.support.cases import difference
from tests.support.cli import Result, run_cli
from tests.support.columns import unit_columns
from tests.support.engines import Engine
from tests.support.project import CaseProject
from tests.support.rows import (
    Ids,
    Row,
    children_of,
    committed_rows,
    expected_report,
    outside_batches,
    reported,
    unit_of,
    units,
    value_for,
)
from tests.support.sources import Sources

ALL = "new,stale,orphaned"


class Refused(Exception):
    """A command turned its request down: exit code 1 or 3, and a message without a traceback."""


class Broken(Exception):
    """A command neither did what it was asked to nor turned it down in words."""


class CaseFailure(AssertionError):
    """A step that did not do what the case expects."""


@dataclass(frozen=True)
class Handed:
    """An increment as it was handed out; `source` are the rows that a root was compared with."""

    key: str
    rows: list[Row]
    source: list[Mapping[str, Any]] | None


def failure_of(case: Mapping[str, Any], folder: Path, engine: Engine, *, verified: bool = False) -> str | None:
    """Run a case in an empty folder: how its first step that departs does so, None where none does.

    `verified`: after each step, the increments of all features are those that a look at all samples gives.
    """
    try:
        CaseRun(case, folder, engine, verified).run()
    except CaseFailure as failure:
        return str(failure)
    return None


class CaseRun:
    """One run of one case."""

    def __init__(self, case: Mapping[str, Any], folder: Path, engine: Engine, verified: bool = False):
        self.case = case
        self.verified = verified
        self.folder = folder
        self.project = CaseProject(case, folder, engine)
        self.takes: dict[str, Handed] = {}
        self.sources = Sources(self.project)
        self.results: list[Result] = []
        self.files = 0

    def run(self) -> None:
        self._check(0, {"do": "declare"}, lambda _: self._declare(self.case["features"]))
        for number, step in enumerate(self.case["steps"], start=1):
            self.results = []
            self._check(number, step, getattr(self, f"_{step['do']}"))

    def _check(self, number: int, step: Mapping[str, Any], do: Any) -> None:
        expect = step.get("expect")
        try:
            came = do(step)
            if self.verified:
                self._verify(number, step)
        except Refused:
            came = {"error": True}
        except Broken:
            self._fail(number, step, ["the last command below failed, and not by turning the request down"])
        refused = came == {"error": True}
        if refused != bool((expect or {}).get("error")):
            self._fail(number, step, ["the step was rejected" if refused else "the step was not rejected"])
        if expect and not refused:
            key = step["feature"]
            if lines := difference(expected_report(expect, self._types(key)), came):
                self._fail(number, step, [*lines, f"came: {json.dumps(came, ensure_ascii=False)}"])

    def _verify(self, number: int, step: Mapping[str, Any]) -> None:
        """The increments by what changed, beside those over all samples."""
        if self._said("verify").code != 0:
            self._fail(number, step, ["an increment is not the one that a look at all samples gives"])

    def _fail(self, number: int, step: Mapping[str, Any], lines: list[str]) -> NoReturn:
        title = f"case {self.case['name']}, step {number} of {len(self.case['steps'])}"
        told = [f"  step: {json.dumps(step, ensure_ascii=False)}", *(f"  {line}" for line in lines)]
        commands = "\n".join(str(result) for result in self.results)
        raise CaseFailure("\n".join([title, f"  shows: {self.case.get('shows', '')}", *told, commands]))

    # Steps

    def _write(self, step: Mapping[str, Any]) -> None:
        key, rows = step["feature"], step["rows"]
        if key in self.project.sourced:
            self._write_to_source(key, rows)
            return
        as_one = bool((step.get("expect") or {}).get("error"))
        for batch in outside_batches(rows, self.project.feature(key)["id_columns"], as_one):
            self._cli("commit", key, self._file(batch), "--format", "json")

    def _delete(self, step: Mapping[str, Any]) -> None:
        hard = ["--hard"] if step.get("hard") else []
        self._cli("delete", step["feature"], "--where", step["where"], *hard)

    def _set_code_version(self, step: Mapping[str, Any]) -> None:
        features = json.loads(json.dumps(self.project.features))
        declared = next(feature for feature in features if feature["key"] == step["feature"])
        next(field for field in declared["fields"] if field["name"] == step["field"])["code_version"] = step[
            "code_version"
        ]
        self._declare(features)

    def _set_features(self, step: Mapping[str, Any]) -> None:
        self._declare(step["features"])

    def _resolve(self, step: Mapping[str, Any]) -> dict[str, Any]:
        return self._report(self._hand_out(step))

    def _take(self, step: Mapping[str, Any]) -> dict[str, Any]:
        self.takes[step["as"]] = handed = self._hand_out(step)
        return self._report(handed)

    def _materialize(self, step: Mapping[str, Any]) -> dict[str, Any]:
        handed = self._hand_out(step)
        report = self._report(handed)
        self._store(handed, step, late=False)
        return report

    def _commit(self, step: Mapping[str, Any]) -> None:
        self._store(self.takes[step["take"]], step, late=True)

    # What steps are made of

    def _declare(self, features: Iterable[Mapping[str, Any]]) -> None:
        """Write the declarations and run them in; if they are rejected, those before stay in force.

        The sources of roots are empty meanwhile: their rows then all count as orphans, which are kept, and so the run
        brings the views up to date and works nothing off. A code version that changed is for a later step to meet.
        """
        before = self.project.features
        self.project.declare(features)
        self.sources.empty()
        try:
            self._cli("run")
        except Refused:
            if before:
                self.project.declare(before)
            raise

    def _hand_out(self, step: Mapping[str, Any]) -> Handed:
        key, source = step["feature"], step.get("samples")
        if key in self.project.sourced:
            source = list(self.sources.written[key].values()) if source is None else source
            self.sources.fill(key, source)
        out = self._cli("increment", key, "--status", ALL, "--format", "json").out
        return Handed(key, [json.loads(line) for line in out.splitlines() if line.strip()], source)

    def _report(self, handed: Handed) -> dict[str, Any]:
        return reported(handed.rows, self._unit(handed.key), self._types(handed.key))

    def _store(self, handed: Handed, step: Mapping[str, Any], late: bool) -> None:
        if handed.key in self.project.sourced:
            self._run_source(handed, step)
        else:
            self._commit_rows(handed, step)
        self._delete_orphans(handed, step, late)

    def _selected(self, handed: Handed, step: Mapping[str, Any], statuses: Iterable[str]) -> list[Row]:
        unit, types = self._unit(handed.key), self._types(handed.key)
        rows = [row for row in handed.rows if row["metasql_status"] in statuses]
        if step.get("only") is None:
            return rows
        only = units(step["only"], unit, types)
        return [row for row in rows if unit_of(row, unit, types) in only]

    def _commit_rows(self, handed: Handed, step: Mapping[str, Any]) -> None:
        """Commit what was handed out; inputs are listed in a file of their own where one has no children."""
        feature, unit, types = self.project.feature(handed.key), self._unit(handed.key), self._types(handed.key)
        inputs, samples = [], []
        for row in self._selected(handed, step, set(step.get("parts") or ("new", "stale")) - {"orphaned"}):
            named = {column: row[column] for column in unit}
            found = [named] if unit == feature["id_columns"] else children_of(named, feature, types, step)
            made = committed_rows(row, found, feature, types, step)
            inputs.append((named | {"metasql_receipt": row["metasql_receipt"]}, made))
            samples += made
        if not inputs:
            return
        more: list[str] = []
        if any(not made for _, made in inputs):
            more = ["--inputs", self._file(listed for listed, _ in inputs)]
            samples = [{name: value for name, value in row.items() if name != "metasql_receipt"} for row in samples]
        self._cli("commit", handed.key, self._file(samples), "--format", "json", *more)

    def _delete_orphans(self, handed: Handed, step: Mapping[str, Any], late: bool) -> None:
        """Commit the deletion of the orphans that were handed out, and of no others."""
        if not step.get("delete_orphans") and "orphaned" not in (step.get("parts") or ()):
            return
        orphans = self._selected(handed, step, {"orphaned"})
        now = handed
        if handed.key in self.project.sourced:
            # Committing may have left the source with some of its rows.
            self.sources.fill(handed.key, handed.source or ())
        if late:
            out = self._cli("increment", handed.key, "--status", "orphaned", "--format", "json").out
            now = Handed(handed.key, [json.loads(line) for line in out.splitlines()], handed.source)
        unit, types = self._unit(handed.key), self._types(handed.key)
        keys = {unit_of(row, unit, types) for row in orphans}
        if keys and keys == {unit_of(row, unit, types) for row in self._selected(now, {}, {"orphaned"})}:
            self._cli("delete", handed.key, "--orphaned")
        elif keys:
            self._cli("delete", handed.key, "--where", _any_of(unit, keys))

    def _write_to_source(self, key: str, rows: list[Mapping[str, Any]]) -> None:
        """Upsert into the source and run the root: over these rows alone, the others are kept as they are.

        A data column is in no version, so a row of which only such a column changed is deleted first.
        """
        ids = [self.sources.ids_of(key, row) for row in rows]
        changed = self.sources.changed_columns(key, rows)
        if changed and len(set(ids)) == len(ids):
            self._cli("delete", key, "--where", _any_of(self.project.feature(key)["id_columns"], changed))
        self._run_over(key, rows)

    def _run_source(self, handed: Handed, step: Mapping[str, Any]) -> None:
        """Materialise a root by running it over those rows of its source that the step commits."""
        unit, types = self._unit(handed.key), self._types(handed.key)
        chosen = self._selected(handed, step, set(step.get("parts") or ("new", "stale")) - {"orphaned"})
        keys = {unit_of(row, unit, types) for row in chosen}
        options, given = step.get("columns") or {}, step.get("data_versions") or {}
        rows = []
        for row in handed.source or ():
            if unit_of(row, unit, types) in keys:
                columns = {name: value_for(option, row, unit, types) for name, option in options.items()}
                versions = {name: value_for(option, row, unit, types) for name, option in given.items()}
                rows.append({**row, **columns, "data_versions": {**(row.get("data_versions") or {}), **versions}})
        if rows:
            self._run_over(handed.key, rows)

    def _run_over(self, key: str, rows: list[Mapping[str, Any]]) -> None:
        self.sources.fill(key, rows)
        self._cli("run", "--select", key)
        self.sources.remember(key, rows)

    def _unit(self, key: str) -> list[str]:
        return unit_columns(self.project.feature(key), self.project.features)

    def _types(self, key: str) -> dict[str, str]:
        return self.project.declared_columns(key)

    def _file(self, rows: Iterable[Mapping[str, Any]]) -> str:
        self.files += 1
        path = self.folder / f"batch_{self.files}.json"
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
        return str(path)

    def _cli(self, command: str, *arguments: str) -> Result:
        result = self._said(command, *arguments)
        if result.refused:
            raise Refused
        if result.code != 0:
            raise Broken
        return result

    def _said(self, command: str, *arguments: str) -> Result:
        project = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder), "--target", "dev"]
        result = run_cli(command, *arguments, *project)
        self.results.append(result)
        return result


def _any_of(columns: Iterable[str], keys: Iterable[Ids]) -> str:
    """A condition that lets in exactly these keys."""
    columns = list(columns)
    tests = [" and ".join(f'"{c}" = {_literal(v)}' for c, v in zip(columns, key, strict=True)) for key in sorted(keys)]
    return " or ".join(f"({test})" for test in tests)


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else str(value)
