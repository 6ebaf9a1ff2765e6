"""MS08xx: commits."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0801": Entry(
        title="a batch that cannot be read",
        why="The file is not there, or it is not CSV with a header, JSON lines or Parquet.",
        example="metasql commit video/face_crop done.txt --format json",
        fix="Name the file with the results, and its form with `--format`.",
    ),
    "MS0802": Entry(
        title="a column that the feature does not know",
        why="A batch has the id columns, the declared columns and metasql's own; "
        "a value in any other column would be lost.",
        example="video_id,pth,metasql_receipt",
        fix="Correct the name, declare the column, or leave it out of the batch.",
    ),
    "MS0803": Entry(
        title="a batch without an id",
        why="Every row of a batch says which sample it is: all id columns are there, and none is NULL.",
        example="path,metasql_receipt\nface/a.mp4,r1:...",
        fix="Give every row its id as the increment did. Nothing of the batch was written.",
    ),
    "MS0805": Entry(
        title="two rows for one sample in a batch",
        why="A sample has one row, and metasql does not choose between two.",
        example="video_id,path\nvid_1,a.mp4\nvid_1,b.mp4",
        fix="Let one row of each be in the batch. Nothing of it was written.",
    ),
    "MS0806": Entry(
        title="a row without a receipt",
        why="The receipt says what a sample was made of when it was handed out; "
        "without it a result could be taken for fresh that is not.",
        example="video_id,path\nvid_1,a.mp4",
        fix="Hand back `metasql_receipt` as the increment gave it.",
    ),
    "MS0807": Entry(
        title="a receipt of another row",
        why="A receipt is for one row of one feature's increment, and this one was handed out for another, or altered.",
        example="video_id,metasql_receipt\nvid_1,r1:the receipt of vid_2",
        fix="Hand back each receipt with the row that it came with.",
    ),
    "MS0808": Entry(
        title="children of one input with two receipts",
        why="An expansion's input is committed as a whole: all of its children were made of one reading of it.",
        example="video_id,clip_index,metasql_receipt\nvid_1,0,r1:monday\nvid_1,1,r1:tuesday",
        fix="Give all children of an input the receipt of that input.",
    ),
    "MS0809": Entry(
        title="a child of an input that is not listed",
        why="`--inputs` lists every input that was processed, and a row of the batch is of none of them.",
        example="metasql commit clip/cut clips.csv --inputs inputs.csv  # inputs.csv lacks vid_3",
        fix="List the input with its receipt.",
    ),
    "MS0810": Entry(
        title="a value of another type",
        why="A value of the batch does not stand for a value of its column's type.",
        example="video_id,frame_count,metasql_receipt\nvid_1,many,r1:...",
        fix="Correct the value. Nothing of the batch was written.",
    ),
    "MS0811": Entry(
        title="a commit to a feature with a SQL body",
        why="`metasql run` computes such a feature; rows from outside would be overwritten.",
        example="metasql commit video/full done.csv",
        fix="Run it with `metasql run --select KEY`, or take the body away.",
    ),
    "MS0812": Entry(
        title="inputs of a feature that is no expansion",
        why="Only an expansion has inputs besides its rows: an input may give no row at all.",
        example="metasql commit video/face_crop done.csv --inputs inputs.csv",
        fix="Leave `--inputs` out.",
    ),
    "MS0813": Entry(
        title="children without one of their fields",
        why="The children of an input are replaced together. A batch without any column of a field would "
        "leave new children without it, and the field would count as made.",
        example="clip_id,video_id,path,metasql_receipt  # the field `caption` has the column `caption`",
        fix="Bring the columns of every field.",
    ),
    "MS0820": Entry(
        title="a part of an increment that there is not",
        why="Rows are handed out by status, by shard and up to a number, and one of these is none.",
        example="metasql increment video/face_crop --shard 16/16",
        fix="Statuses are new, stale and orphaned; the shards of N are 0 to N - 1.",
    ),
    "MS0821": Entry(
        title="a writer that is not used as one",
        why="A writer keeps rows for a while. So that none is lost, it takes them inside its `with` block alone, and "
        "children only together with the inputs that they are of.",
        example='wh.writer("video/face_crop").put(row)',
        fix="Write `with wh.writer(key) as out:`, and `out.put(children, inputs=[row])` for an expansion.",
    ),
    "MS0822": Entry(
        title="rows that a writer could not commit",
        why="The warehouse refused them, or was not there. They are in `rows` and `inputs` of the error; all others "
        "that were put are committed.",
        example='out.put({"video_id": "v1", "metasql_receipt": None})',
        fix="See what is wrong in the errors beside it, and put the corrected rows again.",
    ),
    "MS0823": Entry(
        title="errors of a feature that no outside program makes",
        why="Attempts are counted for external features. What goes wrong with a SQL feature stands in the result of "
        "its run, and roots have no increment to leave.",
        example="metasql commit video/full --errors errors.csv",
        fix="Name the feature that the program makes.",
    ),
}
