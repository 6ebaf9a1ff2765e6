"""Features with nothing to do, all of which are seen by one query: it must say what their increments say."""

from __future__ import annotations

import pytest

from metasql.api.opened import opened
from metasql.events import silent
from metasql.execute.quiet import quiet
from metasql.pipeline import Options
from tests.scenarios.support import Place
from tests.scenarios.test_delta import FEATURES, MODELS, ROWS, TYPES, refill


@pytest.fixture
def place(engine, tmp_path):
    """Everything is made, and settled."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", MODELS)
    made.write("models/video.sql", "select video_id, grp, audio, frames from {{ source('raw', 'video') }}\n")
    made.write("models/loud.sql", "select video_id, upper(audio) as loud from {{ ref('video') }}\n")
    made.fill("video", TYPES, ROWS)
    made.run()
    work(made)
    return made


def work(place):
    for key in FEATURES:
        place.work_off(key, {"path": "p"})
    place.run()


def settled(place) -> dict[str, int]:
    """The features that are quiet, with their live samples; no other may be but those whose increment is empty."""
    place.engine.ready(place.folder)
    with opened(Options(place.folder), silent, read_only=True) as (project, session):
        found = {str(key): counts.live for key, counts in quiet(session, project.graph.features.values()).items()}
    assert all(place.listed(key) == {} for key in found)
    return found


def test_everything_is_settled(place):
    """Two are not asked: of a root only its source tells what changed, and a group's members may move."""
    assert settled(place) == {"loud": 6, "crop": 6}


def test_a_parent_was_written(place):
    """What is made of it is not quiet until the work is done; `crop` reads the other field, and `loud` was not run."""
    refill(place, (0, "a", "other", "f0"))
    place.run("--select", "video")
    assert settled(place) == {"crop": 6}
    place.run()
    assert settled(place) == {"loud": 6}
    work(place)
    assert settled(place) == {"loud": 6, "crop": 6}


def test_work_is_left(place):
    """Pending units are work, whatever was written since."""
    refill(place, (0, "a", "a0", "other"))
    place.run()
    assert settled(place) == {"loud": 6}


def test_samples_go(place):
    """Rows that vanish upstream are changes, too."""
    refill(place, (1,))
    place.run()
    assert "crop" not in settled(place)


def test_another_definition(place):
    """What was settled by another definition is not settled by this one."""
    place.edit("models/features.yml", 'code_version: "1"', 'code_version: "2"')
    assert settled(place) == {"loud": 6}


def test_never_run(engine, tmp_path):
    """Of tables that are not there, nothing is said."""
    made = Place(tmp_path, engine)
    made.write("models/features.yml", MODELS)
    made.write("models/video.sql", "select video_id, grp, audio, frames from {{ source('raw', 'video') }}\n")
    made.write("models/loud.sql", "select video_id, upper(audio) as loud from {{ ref('video') }}\n")
    made.fill("video", TYPES, ROWS)
    made.run("--select", "video")
    assert settled(made) == {}


def test_status_says_the_same(place):
    """Counted one by one or seen by one query."""
    before = place.cli("status", "--json").out
    place.cli("status", "--refresh")
    names = [line for line in before.splitlines() if '"as_of"' not in line]
    again = place.cli("status", "--json").out
    assert [line for line in again.splitlines() if '"as_of"' not in line] == names
