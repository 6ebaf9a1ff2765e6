"""Rows as a file of Arrow batches: written as they come, and read without being decoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write_batches(reader: Any, path: Path) -> None:
    """The batches of a `pyarrow.RecordBatchReader`, one after the other."""
    import pyarrow as pa

    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, reader.schema) as out:
        for batch in reader:
            out.write_batch(batch)
