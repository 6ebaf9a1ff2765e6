"""Functions that give another value each time, though nothing that they are given changes."""

from __future__ import annotations

from sqlglot import exp

_KEYS = """
currentdate currentdatetime currenttime currenttimestamp currenttimestampltz currentuser currentschema
currentdatabase currentcatalog currentrole localtime localtimestamp sessionuser systimestamp utcdate utctime
utctimestamp rand randn randstr uniform uuid generateuuid nextvaluefor unixseconds_now
"""
_NAMES = """
now today yesterday random setseed rand rand32 rand64 randcanonical randuniform uuid uuidv4 uuidv7 gen_random_uuid
generateuuidv4 generateuuidv7 now64 get_current_timestamp get_current_time transaction_timestamp
statement_timestamp clock_timestamp current_localtime current_localtimestamp nextval currval txid_current
current_setting getvariable current_query pg_backend_pid hostname rownumberinallblocks rownumberinblock
nowinblock generaterandomstructure randomstring randomprintableascii fuzzbits
"""

_PARSED, _CALLED = frozenset(_KEYS.split()), frozenset(_NAMES.split())


def volatile(node: exp.Expr) -> str | None:
    """How a node that gives another value each time is called; None where it does not."""
    if isinstance(node, exp.TableSample):
        return None if node.args.get("seed") is not None else "a sample without a seed"
    if isinstance(node, exp.Anonymous):
        name = str(node.this).lower()
        return f"`{name}`" if name in _CALLED else None
    return f"`{node.sql('duckdb').split('(')[0].lower()}`" if node.key in _PARSED else None
