"""Kinds of values: how DuckDB names the type, values at its edges, and conditions and expressions over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

LETTERS = "aZ0 '\"%_-|:;,\\äßÉ漢字🙂\u0301\u00a0\t"
DAYS = ("1970-01-01", "1969-12-31", "1900-01-01", "1899-12-31", "2299-12-31", "2300-01-01", "2024-02-29", "0001-01-01")
CLOCKS = ("00:00:00", "23:59:59.999999", "12:30:00.5", "06:07:08.12", "23:59:59")


@dataclass(frozen=True)
class Kind:
    """One type. `conditions` and `expressions` are over a column `:c`; `identifies` tells whether ids are made of it.

    `plain` says whether its values stand in JSON without quotation marks; `near`, whether its days are
    from 1900 to 2299 alone.
    """

    type: str
    values: tuple[str, ...]
    conditions: tuple[str, ...]
    expressions: tuple[str, ...] = ()
    identifies: bool = True
    plain: bool = False
    near: bool = False

    def value(self, random: Random) -> str | None:
        """A value as text that DuckDB reads; NULL now and then."""
        return None if random.random() < 0.15 else self.given(random)

    def given(self, random: Random) -> str:
        """A value that is not NULL."""
        if random.random() < 0.4:
            return self.fitted(random.choice(self.values))
        return self.fitted(_MADE[self.type.partition("(")[0]](random, self))

    def fitted(self, text: str) -> str:
        """A day in another century where its own is too far."""
        return f"19{text[2:]}" if self.near and not 1900 <= int(text[:4]) < 2300 else text


def _text(random: Random, _: Kind) -> str:
    made = "".join(random.choice(LETTERS) for _ in range(random.randrange(1, 30)))
    return made * random.choice((1, 1, 1, 200))


def _whole(bits: int, signed: bool = True) -> Kind:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    name = {8: "tinyint", 16: "smallint", 32: "integer", 64: "bigint", 128: "hugeint"}[bits]
    conditions = (":c > 0", ":c between 1 and 9", "not (:c = 0)", ":c is null or :c in (1, 2, 3)")
    expressions = ("cast(:c as text)", "coalesce(:c, 0)", ":c % 7")
    values = (str(low), str(high), "0", "1", "9")
    return Kind(("" if signed else "u") + name, values, conditions, expressions, plain=bits < 64)


def _made_whole(random: Random, kind: Kind) -> str:
    return str(
        random.randint(int(kind.values[0]), int(kind.values[1])) if random.random() < 0.5 else random.randint(0, 9)
    )


def _decimal(width: int, scale: int) -> Kind:
    most = "9" * width
    edge = most[: width - scale] + ("." + most[width - scale :] if scale else "")
    values = (edge, f"-{edge}", "0", "-0", "1" if width > scale else "0.1")
    conditions = (":c > 0", ":c <> 0.5", ":c between -1 and 0.25")
    return Kind(f"decimal({width}, {scale})", values, conditions, ("cast(:c as text)", "coalesce(:c, 0)"))


def _made_decimal(random: Random, kind: Kind) -> str:
    width, scale = (int(part) for part in kind.type[8:-1].split(","))
    digits = str(random.randrange(10 ** random.randint(1, width))).rjust(scale + 1, "0")
    sign = random.choice(("", "-"))
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else sign + digits


def _float(random: Random, kind: Kind) -> str:
    if random.random() < 0.3:
        return repr(round(random.uniform(-10, 10), 2))
    return repr(random.uniform(-1, 1) * 10.0 ** random.randint(-30, 30))


def _day(random: Random, _: Kind) -> str:
    return f"{random.randint(1, 9999):04}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"


def _time(random: Random, kind: Kind) -> str:
    day = random.choice(DAYS) if random.random() < 0.5 else _day(random, kind)
    clock = f"{random.randrange(24):02}:{random.randrange(60):02}:{random.randrange(60):02}"
    return f"{day} {clock}.{random.randrange(10**6):06}"


def _zoned(random: Random, kind: Kind) -> str:
    zone = random.choice(("+00", "+05:45", "-11", "Z"))
    return f"{random.randint(2, 9998):04}-03-{random.randint(1, 31):02} {random.choice(CLOCKS)}{zone}"


def _uuid(random: Random, _: Kind) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


_MADE = {
    "text": _text,
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "hugeint"), _made_whole),
    **dict.fromkeys(("utinyint", "usmallint", "uinteger", "ubigint"), _made_whole),
    "decimal": _made_decimal,
    "double": _float,
    "float": _float,
    "boolean": lambda random, _: random.choice(("true", "false")),
    "date": _day,
    "timestamp": _time,
    "timestamptz": _zoned,
    "uuid": _uuid,
}

_FLOATS = ("-0.0", "0.0", "nan", "inf", "-inf", "0.1", "1e16", "-1.5", "1e-05")
_OVER_FLOATS = (
    ":c > 0.5",
    ":c <= 0",
    "not (:c = 0)",
    ":c >= 0.1",
    ":c in (0.1, 2.5)",
    ":c between -1 and 1",
    ":c < 0 or :c is null",
)
_OVER_TIMES = ("coalesce(:c, :c)", "cast(:c as date)", "year(:c)", "date_trunc('month', :c)")

KINDS: dict[str, Kind] = {
    "text": Kind(
        "text",
        ("", " ", "a", "b", "NULL", "\\N", "-", "1.50", "a|b", "é", "e\u0301", "漢字" * 700, "x" * 5000, "a\nb"),
        (":c <> 'a'", ":c is not null", ":c like 'a%'", "length(:c) > 1", ":c || 'x' <> 'ax'", ":c not in ('a', 'b')"),
        (":c || '.'", "length(:c)", "coalesce(:c, '')", "lower(:c)", "substr(:c, 2, 3)", "md5(:c)"),
    ),
    **{f"int{bits}": _whole(bits) for bits in (8, 16, 32, 64, 128)},
    **{f"uint{bits}": _whole(bits, signed=False) for bits in (8, 16, 32, 64)},
    "decimal": _decimal(9, 3),
    "decimal0": _decimal(18, 0),
    "decimal38": _decimal(38, 10),
    "fraction": _decimal(4, 4),
    "double": Kind(
        "double", (*_FLOATS, "5e-324", "1.7976931348623157e308"), _OVER_FLOATS, ("cast(:c as text)", ":c * 2"), False
    ),
    "float": Kind(
        "float", (*_FLOATS, "1e-45", "3.4028235e38", "16777217"), _OVER_FLOATS, ("cast(:c as double) * 2",), False
    ),
    "boolean": Kind("boolean", ("true", "false"), (":c", "not :c", ":c is not true"), ("cast(:c as text)", "not :c")),
    "date": Kind("date", DAYS, (":c < date '2000-01-01'", ":c is not null"), ("cast(:c as text)", "year(:c)")),
    "timestamp": Kind(
        "timestamp",
        tuple(f"{day} {clock}" for day in DAYS for clock in CLOCKS),
        (":c >= timestamp '1970-01-01'", ":c is not null"),
        ("cast(:c as text)", *_OVER_TIMES),
    ),
    "timestamptz": Kind(
        "timestamptz",
        tuple(f"{day} {clock}+00" for day in DAYS for clock in CLOCKS),
        (":c is not null",),
        ("coalesce(:c, :c)",),
    ),
    "uuid": Kind(
        "uuid",
        ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        (":c is not null",),
        ("cast(:c as text)",),
    ),
}
"""By short names."""

NEAR = {name: replace(kind, near=kind.type.startswith(("date", "timestamp"))) for name, kind in KINDS.items()}
"""The same for servers before 26.9, whose dates go from 1900 to 2299."""
