from __future__ import annotations

import json
from textwrap import dedent

import pytest

from metasql.diagnostics import Diagnostic, Label, Severity
from metasql.report.text import render, render_json, render_one, summary
from metasql.source import NOWHERE, Source, Span

YAML = Source("models/transcript/whisper.yml", "version: 1\nfeatures:\n  - name: a\n    deps: [video/full.audoi]\n")


def at(source: Source, part: str, label: str = "") -> Label:
    """The label of the first place of a text in a source."""
    start = source.text.index(part)
    return Label(Span(source, start, start + len(part)), label)


def one_line(text: str, part: str, **options: int) -> list[str]:
    """The rendering of an error in a source of one line."""
    source = Source("a.sql", text)
    return render_one(Diagnostic("MS0201", "m", at(source, part, "here")), **options).split("\n")


def test_an_error_with_label_notes_and_help():
    """The form of the design: header, place, excerpt, notes, help."""
    diagnostic = Diagnostic(
        "MS0302",
        "field `audoi` does not exist on feature `video/full`",
        at(YAML, "audoi", "unknown field"),
        notes=("fields of `video/full`: audio, frames",),
        help="did you mean `audio`?",
    )
    assert render_one(diagnostic) == dedent(
        """\
        error[MS0302]: field `audoi` does not exist on feature `video/full`
         --> models/transcript/whisper.yml:4:23
          |
        4 |     deps: [video/full.audoi]
          |                       ^^^^^ unknown field
          |
          = note: fields of `video/full`: audio, frames
          = help: did you mean `audio`?"""
    )


def test_without_notes_the_excerpt_ends_with_its_carets():
    """No empty gutter hangs below an excerpt that nothing follows."""
    lines = render_one(Diagnostic("MS0302", "m", at(YAML, "audoi"))).split("\n")
    assert lines[-1] == "  |                       ^^^^^"


def test_a_diagnostic_without_a_place_has_no_excerpt():
    """Header and footers only."""
    diagnostic = Diagnostic("MS0101", "no project here", help="run `metasql init`")
    assert render_one(diagnostic) == "error[MS0101]: no project here\n  = help: run `metasql init`"


def test_an_empty_file_is_named_without_an_excerpt():
    """There is no line to show, and no line number to give."""
    diagnostic = Diagnostic("MS0101", "m", Label(Span(Source("profiles.yml", ""), 0, 0)), help="h")
    assert render_one(diagnostic).split("\n") == ["error[MS0101]: m", " --> profiles.yml", "  = help: h"]


def test_secondary_labels_of_the_same_file_share_the_excerpt():
    """In the order of their lines, with a gap between, the gutter as wide as the widest number."""
    source = Source("models/b.yml", "\n".join(f"line{number}" for number in range(1, 13)))
    diagnostic = Diagnostic(
        "MS0305", "m", at(source, "line11", "declared again"), secondary=(at(source, "line4", "first declared here"),)
    )
    assert render_one(diagnostic) == dedent(
        """\
        error[MS0305]: m
          --> models/b.yml:11:1
           |
         4 | line4
           | ----- first declared here
        ...
        11 | line11
           | ^^^^^^ declared again"""
    )


def test_two_labels_on_one_line_have_a_row_each():
    """The primary one comes first."""
    source = Source("a.sql", "select x, y from t")
    diagnostic = Diagnostic("MS0201", "m", at(source, "y", "that"), secondary=(at(source, "x", "this"),))
    assert render_one(diagnostic).split("\n")[3:] == [
        "1 | select x, y from t",
        "  |           ^ that",
        "  |        - this",
    ]


def test_a_secondary_label_of_another_file_has_an_excerpt_of_its_own():
    """Headed by `:::` and its place."""
    other = Source("models/other.yml", "name: a\n")
    diagnostic = Diagnostic("MS0305", "m", at(YAML, "name: a", "again"), secondary=(at(other, "a", "first"),))
    assert render_one(diagnostic).split("\n")[1:] == [
        " --> models/transcript/whisper.yml:3:5",
        "  |",
        "3 |   - name: a",
        "  |     ^^^^^^^ again",
        " ::: models/other.yml:1:2",
        "  |",
        "1 | name: a",
        "  |  - first",
    ]


def test_a_secondary_label_without_a_place_is_left_out():
    """There is nothing to point at."""
    diagnostic = Diagnostic("MS0305", "m", at(YAML, "audoi"), secondary=(Label(NOWHERE, "lost"),))
    assert "lost" not in render_one(diagnostic)


def test_tabs_are_shown_as_four_cells():
    """Carets stand under what they mean, wherever the terminal's tab stops are."""
    assert one_line("\tselect\ty", "y")[3:] == ["1 |     select    y", "  |               ^ here"]


def test_wide_and_combining_characters():
    """A wide character takes two cells and a combining one none."""
    assert one_line("select '日本', e\u0301, y", "y")[4] == "  |                   ^ here"
    assert one_line("select 日本", "日本")[4] == "  |        ^^^^ here"


def test_control_characters_cannot_steer_the_terminal():
    """They are shown as their pictures, in excerpts, labels and messages."""
    assert one_line("a \x1b[31m b", "b")[3] == "1 | a ␛[31m b"
    assert "\x1b" not in render_one(Diagnostic("MS0201", "a \x1b[31m", help="\x07"))


def test_a_line_end_of_windows_is_not_shown():
    """Nor does it move a caret."""
    source = Source("a.yml", "a: 1\r\nb: 2\r\n")
    assert render_one(Diagnostic("MS0201", "m", at(source, "2"))).split("\n")[3:] == ["2 | b: 2", "  |    ^"]


@pytest.mark.parametrize(("before", "after"), [(0, 300), (300, 0), (150, 150)])
def test_long_lines_are_clipped_around_the_place(before, after):
    """What is cut off is marked, what is pointed at stays, and the carets stay under it."""
    lines = one_line("a" * before + "XYZ" + "b" * after, "XYZ", width=60)
    code, carets = lines[3], lines[4]
    assert len(code) <= 60
    assert code.index("XYZ") == carets.index("^^^")
    assert code.startswith("1 | …") == (before > 0)
    assert code.endswith("…") == (after > 0)


def test_a_span_longer_than_the_window_is_underlined_as_far_as_it_is_shown():
    """No caret stands beyond the clipped line."""
    lines = one_line("select " + "a" * 400, "a" * 400, width=60)
    assert lines[4].endswith("^ here")
    assert len(lines[4].removesuffix(" here")) <= len(lines[3])


def test_a_span_over_several_lines_shows_its_first():
    """Underlined to that line's end."""
    source = Source("a.sql", "select\n  case when x\n  then 1 end\n")
    diagnostic = Diagnostic("MS0201", "m", at(source, "case when x\n  then 1 end"))
    assert render_one(diagnostic).split("\n")[3:] == ["2 |   case when x", "  |   ^^^^^^^^^^^"]


def test_an_empty_span_and_the_end_of_a_file_have_one_caret():
    """Where something is missing, one caret stands at its place."""
    source = Source("a.sql", "select 1")
    diagnostic = Diagnostic("MS0201", "m", Label(Span(source, 8, 8), "expected `from`"))
    assert render_one(diagnostic).split("\n")[3:] == ["1 | select 1", "  |         ^ expected `from`"]


def test_notes_of_several_lines_are_indented():
    """As under an engine's own message."""
    diagnostic = Diagnostic("MS0601", "m", notes=("the engine says:\nno such table",))
    assert render_one(diagnostic).split("\n")[1:] == ["  = note: the engine says:", "          no such table"]


def test_several_diagnostics_and_the_line_that_counts_them():
    """In the order given; nothing for none."""
    warning = Diagnostic("MS0311", "w", severity=Severity.WARNING)
    error = Diagnostic("MS0101", "e")
    assert render([warning, error, error]) == (
        "warning[MS0311]: w\n\nerror[MS0101]: e\n\nerror[MS0101]: e\n\n2 errors, 1 warning"
    )
    assert summary([warning]) == "1 warning"
    assert render([]) == ""


def test_colours_change_no_letter():
    """Without its escapes, the coloured text is the plain one."""
    diagnostic = Diagnostic(
        "MS0302", "m", at(YAML, "audoi", "l"), secondary=(at(YAML, "name"),), notes=("n",), help="h"
    )
    colored = render([diagnostic], color=True)
    for style in ("\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1;36m", "\x1b[0m"):
        colored = colored.replace(style, "")
    assert colored == render([diagnostic])
    assert "\x1b" not in colored


def test_json_is_one_document_a_line():
    """Each with code, severity, place and help."""
    lines = render_json([Diagnostic("MS0302", "é\n", at(YAML, "audoi", "l"), help="h"), Diagnostic("MS0101", "m")])
    first, second = (json.loads(line) for line in lines.split("\n"))
    assert (first["code"], first["severity"], first["message"], first["help"]) == ("MS0302", "error", "é\n", "h")
    assert first["place"] == {"file": YAML.path, "line": 4, "column": 23, "end_line": 4, "end_column": 28}
    assert second["place"] is None
