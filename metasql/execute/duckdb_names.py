"""The relations of a DuckDB file and of those beside it, by name."""

from __future__ import annotations

from collections.abc import Callable

from metasql.execute.connection import Row
from metasql.names import Relation

_ALL = """
SELECT database_name, database_name = current_database(), schema_name, table_name, 'table'
FROM duckdb_tables() WHERE NOT temporary
UNION ALL
SELECT database_name, database_name = current_database(), schema_name, view_name, 'view'
FROM duckdb_views() WHERE NOT internal AND NOT temporary
"""


def all_names(fetch: Callable[[str], list[Row]]) -> dict[Relation, str]:
    """Each table and view that there is, and which of both it is; those of the file itself without a catalog, too."""
    found = fetch(_ALL)
    names = {Relation(schema, name, catalog): kind for catalog, _, schema, name, kind in found}
    return names | {Relation(schema, name): kind for _, is_own, schema, name, kind in found if is_own}
