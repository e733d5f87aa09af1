"""How our values become columns: text of strangers, tuples as JSON, enums guarded by a CHECK."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


def storable(text: str) -> str:
    """The text as both engines can keep it: NUL (PostgreSQL refuses it) and lone surrogates become U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class Text(sa.types.TypeDecorator[str]):
    """Text of strangers: any Python string can be written, compared and read back."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Replace what the engines refuse."""
        return None if value is None else storable(value)

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """The same without the detours of a decorator: most values of a mail come through here."""
        return lambda value: None if value is None else storable(value)


class Strings(sa.types.TypeDecorator[tuple[Any, ...]]):
    """A tuple of strings, or of tuples of strings, as JSON."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Any] | None, dialect: sa.Dialect) -> str | None:
        """JSON, readable for people who look into the table."""
        if value is None:
            return None
        clean = [storable(item) if isinstance(item, str) else [storable(text) for text in item] for item in value]
        return json.dumps(clean, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> tuple[Any, ...] | None:
        """The tuple that was written."""
        if value is None:
            return None
        return tuple(tuple(item) if isinstance(item, list) else item for item in json.loads(value))


def index_of_some(*columns: str, which: str) -> sa.Index:
    """An index on a few rows of a large table; it serves statements that say `which` in the same words."""
    return sa.Index(None, *columns, sqlite_where=sa.text(which), postgresql_where=sa.text(which))


def text_column(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def strings_column() -> Any:
    return Field(sa_type=Strings)


def choice_column(members: type[StrEnum], **options: Any) -> Any:
    """A column for one of `members`, guarded by a CHECK: one bad row would make the whole table unreadable."""
    kind = sa.Enum(
        members,
        name=members.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=16,
        values_callable=lambda enum: [member.value for member in enum],
    )
    return Field(sa_type=kind, **options)


class Row(SQLModel):
    """What all tables share: constraints have names, so that later migrations can address them."""

    metadata = sa.MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
