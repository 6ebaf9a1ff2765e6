"""MS06xx: connection and execution."""

from __future__ import annotations

from metasql.codes.entry import Entry

ENTRIES: dict[str, Entry] = {
    "MS0601": Entry(
        title="a backend that is not installed",
        why="Each engine is reached through a backend. None that is installed takes targets of this type.",
        example="outputs: {dev: {type: clickhouse}}",
        fix="Install the backend, or choose another target.",
    ),
    "MS0602": Entry(
        title="a warehouse that is in use",
        why="One process may write a DuckDB file, and only while no other process has it open; "
        "a folder of chDB is one process's alone, for reading too.",
        example="metasql run  # while another program has target/dev.duckdb open",
        fix="Wait until the other process is done; a DuckDB file can be opened read-only by several readers.",
    ),
    "MS0603": Entry(
        title="a warehouse that does not exist yet",
        why="The command only reads, and the file of the target is not there.",
        example="metasql increment video/face_crop  # before the first run",
        fix="Run `metasql build` first, or correct `path` of the target.",
    ),
    "MS0604": Entry(
        title="a file that is no warehouse",
        why="The target's `path` leads to a file that the engine did not write.",
        example="outputs: {dev: {type: duckdb, path: README.md}}",
        fix="Correct `path`, or move the file out of the way.",
    ),
    "MS0605": Entry(
        title="a warehouse that cannot be opened",
        why="The engine refuses to open the target, for the reason in the note.",
        example="settings: {memory_limt: 8GB}",
        fix="Correct the target in `profiles.yml`.",
    ),
    "MS0606": Entry(
        title="a warehouse of a newer metasql",
        why="The tables that metasql keeps for itself in the target are of a later form than this version knows.",
        example="metasql run  # the target was last written by a newer version",
        fix="Upgrade metasql, or choose another target.",
    ),
    "MS0607": Entry(
        title="a feature that was never run here",
        why="The relations of the feature are not in the target, so there is nothing to read or to write into.",
        example="metasql increment video/face_crop  # after adding the feature",
        fix="Make them with `metasql run --select KEY`.",
    ),
    "MS0608": Entry(
        title="a target that another run is at work on",
        why="Two runs at once would compute the same samples twice, and each would undo the other's views. "
        "Commits of external features are not kept out.",
        example="metasql run  # while the nightly `metasql build` goes on",
        fix="Wait for it with `--lock-timeout SECONDS`, or end its process. A run that died is recognised: its lock is "
        "taken over.",
    ),
    "MS0609": Entry(
        title="a lock that was lost",
        why="The process stood still, or could not reach the server, for so long that it counted as dead, and "
        "another run may have begun. What it had written is whole.",
        example="metasql run  # on a laptop that is closed for the night",
        fix="Run the command again: it goes on with what is not done.",
    ),
    "MS0610": Entry(
        title="a statement that the engine refuses",
        why="The SQL can be parsed, and carrying it out failed: types that do not go together, "
        "a value that cannot be cast, a constraint. The note says what the engine minds.",
        example="select video_id, 1 / duration_s as speed, cast(path as int) as n from {{ ref('raw_videos') }}",
        fix="Correct the body or hook at the place of the message; `-v` shows the whole statement.",
    ),
    "MS0611": Entry(
        title="a relation or function that the engine does not know",
        why="The SQL reads a table, or calls a function, that is not in the target.",
        example="select * from {{ source('raw', 'videos') }}  -- nobody has loaded raw.videos",
        fix="Load the table, correct the name, or run `metasql seed` for a seed.",
    ),
    "MS0612": Entry(
        title="no memory left",
        why="The engine stopped a statement that needed more memory than it may take.",
        example="settings: {memory_limit: 10MB}",
        fix="Raise `memory_limit` under `settings` of the target, or give it a `temp_directory`.",
    ),
    "MS0613": Entry(
        title="an interrupted statement",
        why="The statement was stopped from outside. What was begun is undone.",
        example="metasql run  # and Ctrl-C",
        fix="Run the command again: it goes on with what is not done.",
    ),
    "MS0614": Entry(
        title="a seed that was never loaded here",
        why="The seed is declared, and its table is not in the target.",
        example="metasql show raw_videos  # before the first `metasql seed`",
        fix="Load it with `metasql seed`.",
    ),
    "MS0615": Entry(
        title="`this` in an inline query",
        why="`this` stands for the relation of the feature whose body it is written in, and here is none.",
        example="metasql show --inline 'select * from {{ this }}'",
        fix="Name the feature with `ref`.",
    ),
    "MS0616": Entry(
        title="a warehouse that is no file",
        why="`--publish` copies the file of a DuckDB target. A ClickHouse database has no one file, and many readers "
        "can ask it while it is written.",
        example="metasql run --target prod --publish out.duckdb  # prod is a ClickHouse server",
        fix="Let readers connect to the database.",
    ),
    "MS0617": Entry(
        title="a place where nothing can be published",
        why="The path is the warehouse itself, a folder, a file of something else, or cannot be written.",
        example="metasql run --publish README.md",
        fix="Name a path that does not exist, or one that was published before.",
    ),
    "MS0621": Entry(
        title="a row without an id",
        why="The body gives a row in which an id column is NULL; nothing could find such a sample again.",
        example="select null as video_id, path from {{ ref('raw_videos') }}",
        fix="Filter such rows out in the body, or give them an id.",
    ),
    "MS0622": Entry(
        title="two rows for one sample",
        why="The body gives several rows with the same id columns, and a sample is one row.",
        example="select video_id, clip_index from {{ ref('clip/cut') }}  -- id_columns: [video_id]",
        fix="Let the body give one row per sample, or add the column that tells them apart to `id_columns`.",
    ),
    "MS0623": Entry(
        title="columns that changed",
        why="The stored table has a column that is no longer given, or one of another type, "
        "and `on_schema_change: fail`, the default, changes neither without being told.",
        example="columns: [{name: frame_count, type: text}]  # stored as an integer",
        fix="Set `on_schema_change: append` to keep what is stored, or `sync` to follow the declaration.",
    ),
    "MS0624": Entry(
        title="a value that cannot be hashed",
        why="A key or a root's content is hashed from a text that must be the same for every reader. Times with a zone"
        " inside a list, struct or map are told in the time zone of whoever reads them; on ClickHouse no list,"
        " struct or map has such a text.",
        example="select id, [now()] as times from raw.videos  -- `times` is claimed by a field",
        fix="Give the value as text, or as times in UTC without a zone.",
    ),
    "MS0625": Entry(
        title="a contract that is not kept",
        why="The feature says `contract: {enforced: true}`, and its body gives other columns or other types than "
        "those that are declared. Nothing was written.",
        example="columns: [{name: height_px, type: int}]  # the body: select cast(height_px as text) as height_px",
        fix="Cast the column in the body, or correct its declaration.",
    ),
    "MS0631": Entry(
        title="a user or password that is not accepted",
        why="The server knows no such user, or the password is another one. Neither is shown here.",
        example="outputs: {prod: {type: clickhouse, host: db.example, username: metasql, password: wrong}}",
        fix="Correct `username` and `password` of the target; keep the password in a variable of the environment.",
    ),
    "MS0632": Entry(
        title="a server that does not answer",
        why="The name of the host is not known, nothing listens on the port, or the way there is blocked.",
        example="outputs: {prod: {type: clickhouse, host: no.such.host}}",
        fix="Correct `host` and `port` of the target, or start the server.",
    ),
    "MS0633": Entry(
        title="something else than ClickHouse's HTTP interface",
        why="There is an answer at host and port, and it is not what ClickHouse says over HTTP.",
        example="outputs: {prod: {type: clickhouse, host: localhost, port: 9000}}  # the native protocol",
        fix="Give the port of HTTP: 8123, or 8443 with `secure: true`.",
    ),
    "MS0634": Entry(
        title="a user who may not do what metasql needs",
        why="The server refuses the statement for want of rights, or the user's profile is read-only.",
        example="metasql run  # as a user with `readonly = 1`, or without the right to create tables",
        fix="Commands that read need `readonly = 2` and SELECT; those that write also CREATE, ALTER, INSERT and DROP.",
    ),
    "MS0635": Entry(
        title="a database that does not exist",
        why="The command only reads, or the user may not make the database that `schema` names.",
        example="outputs: {prod: {type: clickhouse, host: localhost, schema: nowhere}}",
        fix="Run `metasql run` as a user who may make it, make it by hand, or correct `schema` of the target.",
    ),
    "MS0636": Entry(
        title="no disk space left",
        why="The server could not write to its disk. What was being written is not visible to readers.",
        example="metasql run  # on a disk that is full",
        fix="Make room, and run the command again: it clears away what was begun.",
    ),
    "MS0637": Entry(
        title="a statement that took too long",
        why="It ran into the server's `max_execution_time`, or the server was silent for longer than "
        "`send_receive_timeout` of the target.",
        example="settings: {max_execution_time: 1}",
        fix="Raise the one that the message names.",
    ),
    "MS0638": Entry(
        title="a connection that was lost",
        why="The server went away in the middle of a statement. Reading, and what may be done twice, was tried again.",
        example="metasql run  # and the server is restarted for a minute",
        fix="Run the command again: it goes on with what is not done.",
    ),
    "MS0639": Entry(
        title="a node of the cluster that does not take part",
        why="A node is down, or its replicas cannot be written, so the statement did not reach all of them.",
        example="metasql run  # while one of two nodes is stopped",
        fix="Bring the node up, and run the command again: it goes on with what is not done.",
    ),
    "MS0640": Entry(
        title="a certificate that is not trusted",
        why="The server's certificate was signed by an authority that is not known here, or is that of another host.",
        example="outputs: {prod: {type: clickhouse, host: localhost, secure: true}}  # self-signed",
        fix="Name the authority with `ca_cert: FILE`.",
    ),
    "MS0641": Entry(
        title="a write that cannot be made visible at once",
        why="ClickHouse shows rows part by part. What a feature writes is merged into one part first, "
        "and the server did not do so.",
        example="SYSTEM STOP MERGES  -- and then `metasql run`",
        fix="Let merges run again, and run the command again.",
    ),
    "MS0642": Entry(
        title="a cluster that is not as the target says",
        why="The server knows no cluster of that name, or the target lists other nodes than the cluster has: "
        "definitions would not reach all of them.",
        example="outputs: {prod: {type: clickhouse, host: localhost, cluster: main}}",
        fix="Name one of the clusters of `system.clusters`; list all of its nodes in `nodes`, or none.",
    ),
    "MS0643": Entry(
        title="a cluster with another number of shards",
        why="A hash of its key says on which shard a sample lies. With another number of shards its next row would "
        "lie on another one, and the sample would be there twice.",
        example="cluster: main  # had two shards when it was first run, and has three now",
        fix="Run into a new database, or bring the number of shards back. Results of external features can be "
        "exported from the old database and committed to the new one.",
    ),
    "MS0650": Entry(
        title="a library that is not installed",
        why="Rows were asked for, or given, in the form of a library that comes with an extra of metasql.",
        example='wh.increment("video/face_crop").to_polars()  # without polars',
        fix="Install the extra: `arrow`, `polars` or `pandas`.",
    ),
    "MS0651": Entry(
        title="a warehouse that is closed",
        why="`project.connect()` opens a warehouse for a `with` block, and something was asked of it after its end.",
        example="with project.connect() as wh:\n    pass\nwh.status()",
        fix="Do it inside the block, or open another one.",
    ),
    "MS0652": Entry(
        title="an address that nothing can be served at",
        why="Another program listens at the port, or the address is not one of this machine's.",
        example="metasql serve-commits --port 80",
        fix="Choose another `--port` or `--host`; port 0 is any that is free, and the address is shown.",
    ),
    "MS0653": Entry(
        title="a committer that does not answer",
        why="A worker commits through a process that has the warehouse open. It is not there, or has another token.",
        example='project.worker("http://127.0.0.1:8756", "wrong")',
        fix="Start it with `metasql serve-commits`, and give workers the address and the token that it shows.",
    ),
}
