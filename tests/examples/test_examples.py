"""Each example's README is followed from its first line to its last; `--update` renews the outputs that it shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.examples.story import Command, Edit, renewed, steps
from tests.packaging.environment import ROOT, Environment, checkout_files
from tests.support.shown import shows

STORIES = sorted(path.parent.name for path in ROOT.glob("examples/*/README.md"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A virtual environment with the metasql of this checkout."""
    environment = Environment.create(tmp_path_factory.mktemp("environment"))
    (environment.site / "metasql.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    command = environment.folder / "bin/metasql"
    command.write_text(f"#!{environment.folder}/bin/python\nfrom metasql.cli.main import run\nrun()\n")
    command.chmod(0o755)
    return environment


@pytest.fixture
def example(story: str, tmp_path: Path) -> Path:
    """The folder of a story as a fresh clone has it."""
    inside = f"examples/{story}/"
    for name in (name for name in checkout_files() if name.startswith(inside)):
        copy = tmp_path / name.removeprefix("examples/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy)
    return tmp_path / story


@pytest.mark.parametrize("story", STORIES)
def test_a_story_is_true(story, example, environment, monkeypatch, request):
    """Every command succeeds and prints what the README shows, after the edits that it asks for."""
    monkeypatch.delenv("CI", raising=False)
    readme = ROOT / "examples" / story / "README.md"
    text = readme.read_text(encoding="utf-8")
    came: dict[Command, str] = {}
    for step in steps(text):
        if isinstance(step, Edit):
            step.apply(example)
        elif not shows(step.shown, output := environment.must(step.text, example)):
            came[step] = output
            where = f"examples/{story}/README.md:{step.start}"
            assert request.config.getoption("--update"), f"{where}: shown\n{step.shown}\nbut came\n{output}"
    if came:
        readme.write_text(renewed(text, came), encoding="utf-8")


@pytest.mark.parametrize("story", STORIES)
def test_a_story_keeps_its_versions(example, environment):
    """Each example has the lock file that belongs to its SQL, as a project should."""
    environment.must("metasql lock --check", example)


def test_every_story_is_told_of():
    """The list of the examples names each of them."""
    listed = (ROOT / "examples/README.md").read_text(encoding="utf-8")
    assert [story for story in STORIES if f"]({story}/)" not in listed] == []


README = """\
```console
$ echo one
one
$ echo two  # 0.3 s
```

```diff a.txt
 before
-old
+new
```

```sql
SELECT 1
```
"""


def test_a_readme_is_read(tmp_path):
    """Commands with what they show, and edits; other blocks are left alone."""
    one, two, edit = steps(README)
    assert (one, two) == (Command("echo one", "one\n", 2, 3), Command("echo two  # 0.3 s", "", 4, 4))
    assert edit == Edit("a.txt", "before\nold\n", "before\nnew\n")
    (tmp_path / "a.txt").write_text("before\nold\nafter\n", encoding="utf-8")
    edit.apply(tmp_path)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "before\nnew\nafter\n"
    with pytest.raises(AssertionError, match="0 times"):
        edit.apply(tmp_path)


def test_outputs_are_renewed_in_their_places():
    """Several of one block, each below its command; the rest stays."""
    one, two, _ = steps(README)
    assert renewed(README, {two: "two  \n", one: "1\n1\n"}) == README.replace("one\none", "one\n1\n1").replace(
        "0.3 s\n", "0.3 s\ntwo\n"
    )
