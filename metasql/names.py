"""Names as frozen values: features, fields, relations, and the columns metasql adds."""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "metasql_"
"""The columns and tables that begin with this are metasql's own."""

LONGEST = 160
"""So many characters may a relation's name have: files are named by it, with an ending."""

_KEY = re.compile(r"[a-z][a-z0-9_]*(/[a-z0-9][a-z0-9_]*)*")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*(/[A-Za-z0-9][A-Za-z0-9_]*)*")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

RESERVED_FIELDS = frozenset({"suffix", "exclude"})
"""Words of a field mapping, and so no names for fields."""

SUFFIXES = ("samples", "inputs", "expected", "increment", "summary", "history", "attempts", "errors")
"""What is appended, after two underscores, to a feature's relation name."""


def is_key(text: str) -> bool:
    """Whether a text is a well-formed feature key: `video/face_crop`."""
    return _KEY.fullmatch(text) is not None


def is_field(text: str) -> bool:
    """Whether a text is a well-formed field name: `audio`, `audio/french`."""
    return _FIELD.fullmatch(text) is not None


def is_column(text: str) -> bool:
    """Whether a text can be a column's name, and is not one of metasql's own."""
    return _COLUMN.fullmatch(text) is not None and not text.lower().startswith(PREFIX)


@dataclass(frozen=True, order=True)
class FeatureKey:
    """The path that names a feature: `video/face_crop`."""

    path: str

    @property
    def relation(self) -> str:
        """The name of its public relation: `video__face_crop`; queries call one of another project `media__video`."""
        return self.path.replace("/", "__").replace(":", "__")

    @property
    def project(self) -> str:
        """The other project that it is a feature of; empty for one of this project."""
        return self.path.partition(":")[0] if ":" in self.path else ""

    @property
    def there(self) -> FeatureKey:
        """The same as its own project calls it."""
        return FeatureKey(self.path.partition(":")[2]) if ":" in self.path else self

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, order=True)
class FieldKey:
    """A field of a feature: `video/full.audio`."""

    feature: FeatureKey
    field: str

    @classmethod
    def parse(cls, text: str) -> FieldKey:
        feature, _, field = text.partition(".")
        return cls(FeatureKey(feature), field)

    def __str__(self) -> str:
        return f"{self.feature}.{self.field}"


@dataclass(frozen=True)
class Relation:
    """A table or view of the warehouse."""

    schema: str
    name: str
    catalog: str | None = None

    def __str__(self) -> str:
        return ".".join(part for part in (self.catalog, self.schema, self.name) if part)


def flat(field: str) -> str:
    """A field's name as part of a column's name: `audio/french` becomes `audio__french`."""
    return field.replace("/", "__")


def recipe_column(field: str) -> str:
    return f"metasql_recipe__{flat(field)}"


def inputs_column(field: str) -> str:
    return f"metasql_inputs__{flat(field)}"


def provenance_column(field: str) -> str:
    return f"metasql_provenance__{flat(field)}"


def data_version_column(field: str) -> str:
    return f"metasql_data_version__{flat(field)}"


def content_column(field: str) -> str:
    """What an outside program gives as the content of a root's field."""
    return f"metasql_content__{flat(field)}"


def model_column(model: str) -> str:
    """What the increment tells of a model that fields are made by: the version to take."""
    return f"metasql_model__{model}"


def stale_column(field: str) -> str:
    return f"metasql_stale__{flat(field)}"
