"""A ClickHouse server in this process: `clickhouse_child.py LIBRARY FOLDER HTTP_PORT TCP_PORT CONFIG`.

The library is clickhouse-local, whose one query here opens the listeners, waits until standard
input is closed, and closes them.
"""

from __future__ import annotations

import ctypes
import sys

QUERY = (
    "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP;"
    " SELECT count() FROM file('/dev/stdin', 'LineAsString', 'x String') FORMAT Null;"
    " SYSTEM STOP LISTEN HTTP; SYSTEM STOP LISTEN TCP"
)


class Answer(ctypes.Structure):
    """What the library gives back."""

    _fields_ = (
        ("buf", ctypes.c_char_p),
        ("len", ctypes.c_size_t),
        ("_vec", ctypes.c_void_p),
        ("elapsed", ctypes.c_double),
        ("rows_read", ctypes.c_uint64),
        ("bytes_read", ctypes.c_uint64),
        ("error", ctypes.c_char_p),
    )


def main(library: str, folder: str, http_port: str, tcp_port: str, config: str) -> int:
    query = ctypes.CDLL(library).query_stable_v2
    words = [
        "clickhouse",
        f"--path={folder}",
        f"--http_port={http_port}",
        f"--tcp_port={tcp_port}",
        "--listen_host=127.0.0.1",
        f"--config-file={config}",
        f"--query={QUERY}",
    ]
    query.restype = ctypes.POINTER(Answer)
    answer = query(len(words), (ctypes.c_char_p * len(words))(*[word.encode() for word in words]))
    if answer and answer.contents.error:
        sys.stderr.write(answer.contents.error.decode() + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
