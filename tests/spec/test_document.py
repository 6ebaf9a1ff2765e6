from __future__ import annotations

from textwrap import dedent

import pytest

from tests.spec.document import Expected, blocks, specs, update

TEXT = dedent(
    """\
    # Names

    ```yaml models/base.yml
    shared: 1
    ```

    ## A field

    Prose.

    ```yaml models/x.yml
    deps: [a.b]  # error: [MS0302, MS0303]
    ok: 1        # warning: [MS0310]
    ```

    ```sql models/y.sql
    select x -- error: [MS0304]
    {# error: [MS0305] #}
    ```

    ```text diagnostics
    old
    ```

    ## A command

    <!-- run -->

    ```console
    $ metasql ls
    a
    ```

    ```sql compiled:a__increment
    select 1
    ```
    """
)


def test_sections_share_what_stands_before_them():
    """Each section is one spec, with the files of the head and its own."""
    first, second = specs(TEXT)
    assert (first.title, second.title) == ("A field", "A command")
    assert list(first.files) == ["models/base.yml", "models/x.yml", "models/y.sql"]
    assert first.diagnostics == "old\n"
    assert second.files == {"models/base.yml": "shared: 1\n"}
    assert second.console == "$ metasql ls\na\n"
    assert second.compiled == {"a__increment": "select 1\n"}


def test_comments_say_what_must_be_reported_on_their_line():
    """In YAML, SQL and Jinja; several codes at once."""
    assert specs(TEXT)[0].expected() == [
        Expected("models/x.yml", 1, "MS0302", "error"),
        Expected("models/x.yml", 1, "MS0303", "error"),
        Expected("models/x.yml", 2, "MS0310", "warning"),
        Expected("models/y.sql", 1, "MS0304", "error"),
        Expected("models/y.sql", 2, "MS0305", "error"),
    ]


def test_a_mark_belongs_to_the_block_below_it():
    """A comment between a heading and a block; anything else between them parts them."""
    assert [block.mark for block in blocks(TEXT)] == [None, None, None, None, "run", None]
    assert [block.mark for block in blocks("<!-- run -->\n\nText.\n\n```sh\na\n```\n")] == [None]


def test_an_update_changes_one_block(tmp_path):
    """The rest of the file stays as it was written."""
    path = tmp_path / "a.md"
    path.write_text(TEXT, encoding="utf-8")
    update(path, "A field", "text diagnostics", "new\n\nlines\n")
    assert path.read_text(encoding="utf-8") == TEXT.replace("old\n", "new\n\nlines\n")


@pytest.mark.parametrize("text", ["```yaml a.yml\nx\n", "## A\n\n```yaml\nx\n```\n"])
def test_a_block_that_cannot_be_read_is_refused(text):
    """One that is never closed, and one that says nothing of what it is."""
    with pytest.raises(ValueError, match="line"):
        specs(text)
