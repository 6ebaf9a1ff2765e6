"""MS01xx: configuration."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0101": Entry(
        title="no project file",
        why="A project is a folder with the file `dbt_project_style.yml`, and the folder that was given has none.",
        example="metasql run --project-dir /tmp",
        fix="Run metasql in the project folder, name it with `--project-dir`, or start a project with `metasql init`.",
    ),
    "MS0102": Entry(
        title="a name that no project can have",
        why="The project's name becomes part of other names, so it is made of lower-case letters, digits and `_`.",
        example="name: Avatar-Data",
        fix="Write a name such as `avatar_data`.",
    ),
    "MS0103": Entry(
        title="a path that leaves the project",
        why="Files are read and written below the project folder alone, and `metasql clean` empties the target folder: "
        "it must hold nothing that a person wrote.",
        example="model-paths: [../models]",
        fix="Name folders inside the project, and give `target-path` a folder of its own.",
    ),
    "MS0104": Entry(
        title="a project for another metasql",
        why="`require-metasql-version` says which versions the project was written for, and this is none of them.",
        example='require-metasql-version: ">=99"',
        fix="Install a version that fits, or widen the range.",
    ),
    "MS0105": Entry(
        title="an unknown SQL dialect",
        why="Models are read in the dialect that the project names, and there is no reader for this one.",
        example="dialect: duckbd",
        fix="Write a dialect of the list in the message, such as `duckdb`.",
    ),
    "MS0106": Entry(
        title="a folder default that matches nothing",
        why="Words under `features` in the project file are for the features of a folder. "
        "No feature is in this one, so they have no effect.",
        example="features: {avatar_data: {vidoe: {+tags: [media]}}}",
        fix="Correct the folder's name, or remove the entry.",
    ),
    "MS0107": Entry(
        title="a selector that is declared twice",
        why="A selector is chosen by its name, which must mean one thing.",
        example='selectors: [{name: a, definition: "tag:x"}, {name: a, definition: "tag:y"}]',
        fix="Rename one of the two.",
    ),
    "MS0108": Entry(
        title="no range of versions",
        why="`require-metasql-version` is a range as Python packages write it.",
        example='require-metasql-version: "1 or 2"',
        fix="Write it like `>=0.1,<2`.",
    ),
    "MS0110": Entry(
        title="no profiles file",
        why="To reach a warehouse metasql needs `profiles.yml`. It looks in `--profiles-dir`, `$METASQL_PROFILES_DIR`, "
        "the project folder and `~/.metasql`; where one of the first two is given, there alone.",
        example="metasql run --profiles-dir /nowhere",
        fix="Write a `profiles.yml`, or name its folder.",
    ),
    "MS0111": Entry(
        title="an unknown profile",
        why="The project file names a profile that `profiles.yml` does not have.",
        example="profile: avatr_data",
        fix="Correct `profile` in the project file, or add the profile.",
    ),
    "MS0112": Entry(
        title="an unknown target",
        why="`--target`, `$METASQL_TARGET` or the profile's `target` names an output that the profile does not have, "
        "or none of them names one of several.",
        example="metasql run --target prd",
        fix="Choose one of the profile's `outputs`.",
    ),
    "MS0113": Entry(
        title="an unknown engine",
        why="The `type` of a target is the engine that it runs on.",
        example="outputs: {dev: {type: sqlite}}",
        fix="Write `type: duckdb` or `type: clickhouse`.",
    ),
    "MS0114": Entry(
        title="an option that the engine cannot take",
        why="The value is of the right type, but the engine has no use for it.",
        example="storage_version: newest",
        fix="Follow the help line of the message.",
    ),
    "MS0115": Entry(
        title="a file that cannot be read",
        why="The operating system refuses to open the file; or metasql wrote it, and something else changed it since.",
        example="chmod 000 models/video/full.yml",
        fix="Give yourself the right to read it, or remove it.",
    ),
    "MS0116": Entry(
        title="a target that another one cannot read from",
        why="One session reads both targets, so they are two schemas of a DuckDB file, two DuckDB files, or two "
        "databases of one ClickHouse server or folder of chDB; and they are not the same.",
        example="outputs: {dev: {type: duckdb, path: dev.duckdb, defer: dev}}",
        fix="Name another output of the same engine, or leave `defer` or `--from` out.",
    ),
    "MS0117": Entry(
        title="two projects of one name",
        why="`media:video/full` names a feature by its project, so each project of `dependencies` has a name of its "
        "own, and none that of this project.",
        example="dependencies: [{name: media, schema: a}, {name: media, schema: b}]",
        fix="Keep one of them, or rename one of the projects.",
    ),
    "MS0118": Entry(
        title="another project that the target cannot reach",
        why="One session reads both projects: their relations are in schemas of one DuckDB file or of an attached one, "
        "or in databases of one ClickHouse server that is no cluster.",
        example="dependencies: [{name: media, schema: main, database: media_db}]  # and no such alias in `attach`",
        fix="Attach the file in the target, or name the schema or database that it has.",
    ),
    "MS0119": Entry(
        title="the manifest of another project than was named",
        why="Each project of `dependencies` is called by its own name, which its manifest tells.",
        example="dependencies: [{name: media, manifest: ../audio/target/metasql.json, schema: media}]",
        fix="Correct `name` or `manifest`.",
    ),
    "MS0120": Entry(
        title="projects that read each other",
        why="The other project reads this one, itself or through others. Neither could be run before the other.",
        example="dependencies: [{name: media, ...}]  # and media has `dependencies: [{name: this_one, ...}]`",
        fix="Take one of the two dependencies away, or move what both need into a third project.",
    ),
    "MS0121": Entry(
        title="a project that was never read",
        why="A project without `manifest` is told by its warehouse, and the command opens none. What was read last "
        "is kept in the target folder, and there is nothing yet.",
        example="metasql compile  # before the first `metasql lock` or `metasql run`",
        fix="Run `metasql lock`, or name the other project's manifest.",
    ),
    "MS0150": Entry(
        title="`--vars` or `--args` is no mapping",
        why="`--vars` gives variables by name, and `--args` the arguments of a macro, as a YAML mapping; "
        "this is another value.",
        example="metasql build --vars crop_px",
        fix="Write names and values: `--vars '{crop_px: 256}'`.",
    ),
    "MS0151": Entry(
        title="a folder that is not empty",
        why="`metasql init` writes a whole project, and never over or between files that are there already.",
        example="metasql init .  # in a folder that holds files",
        fix="Name a new or an empty folder.",
    ),
    "MS0152": Entry(
        title="a project that cannot be written",
        why="The operating system refuses to make the folder or its files. What was begun is undone.",
        example="metasql init /my_project",
        fix="Choose a folder that you may write to.",
    ),
    "MS0153": Entry(
        title="a target folder outside of the project",
        why="The target folder is a link to a folder elsewhere. `metasql clean` stays inside the project.",
        example="ln -s /data/shared target && metasql clean",
        fix="Empty that folder by hand, or make the target folder one of the project.",
    ),
    "MS0154": Entry(
        title="a file that cannot be removed",
        why="The operating system refuses to remove a file of the target folder.",
        example="sudo touch target/notes.txt && metasql clean",
        fix="See who owns the file, and run `metasql clean` again.",
    ),
    "MS0155": Entry(
        title="an unknown error code",
        why="`metasql explain` knows the codes of this version of metasql, and this is none of them.",
        example="metasql explain MS9999",
        fix="Copy the code from the message; `metasql explain` without a code lists all of them.",
    ),
}
