"""Connections to SQLite and PostgreSQL that keep what they promise, and their errors in words.

SQLite: write-ahead log, every commit on the disk before it is answered (synchronous=FULL), foreign keys checked, a
busy database waited for up to 30 s. A transaction that will write takes the write lock at its first statement:
with the default (a lock at the first write) two writers can read the same row and one update is lost or refused.
PostgreSQL does the same by row locks. What fails raises TemporaryError or PermanentError, cause kept.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext

from helpdesk.errors import HelpdeskError, PermanentError, TemporaryError

# Longer than any transaction of ours, shorter than the patience of an MTA that delivers to us.
BUSY_TIMEOUT_S = 30

# A PostgreSQL server that does not answer by then is taken to be away.
CONNECT_TIMEOUT_S = 10

# What SQLite says, and what that means for an operator.
_SQLITE_CURES = (
    ("disk is full", "the disk is full: make room, the desk goes on by itself"),
    ("readonly", "it cannot be written: give the file and its folder to the user that runs helpdesk"),
    ("locked", f"another program has kept it locked for {BUSY_TIMEOUT_S} s: end that program or wait"),
    ("unable to open", "it cannot be opened: check that its folder exists and belongs to the user that runs helpdesk"),
    ("disk i/o error", "the disk reports errors or is full: check the disk before anything else"),
)


def make_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """An engine for `url` (sqlite:///FILE or postgresql://…); nothing is connected yet.

    Raises PermanentError for a URL that cannot be used.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise PermanentError('the database URL cannot be read; want "sqlite:///FILE" or "postgresql://…"') from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, foreign_keys)
    if parsed.get_backend_name() == "postgresql":
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
            # Values by their places, as on SQLite: `prepared` needs one form for both.
            paramstyle="format",
            pool_pre_ping=True,
            max_overflow=-1,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _bound_patience)
        event.listen(engine, "handle_error", _raise_ours)
        return engine
    raise PermanentError(
        f'the database "{shown(parsed)}" is of no known kind; want "sqlite:///FILE" or "postgresql://…"'
    )


@contextmanager
def transaction(engine: Engine, *, writes: bool) -> Iterator[Connection]:
    """A connection within one transaction; an exception undoes all of it. All our statements run in one of these."""
    with engine.begin() as connection:
        # An event listener could do this, but its mere presence makes every statement a fifth slower.
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever others commit meanwhile; for reading only."""
    if engine.dialect.name == "sqlite":
        # A reading transaction of SQLite is one anyway.
        with transaction(engine, writes=False) as connection:
            yield connection
        return
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        yield connection


def is_missing(engine: Engine) -> bool:
    """Is it a SQLite file that does not exist yet?"""
    return engine.dialect.name == "sqlite" and not os.path.exists(engine.url.database or "")


def _sqlite_engine(url: URL, foreign_keys: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise PermanentError('the database must be a file: "sqlite:///helpdesk.db"')
    # With isolation_level=None the driver begins no transactions of its own: it would do so too late.
    engine = sa.create_engine(
        url,
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_S},
        max_overflow=-1,
        # Errors would repeat whole mails and the secrets of our letters.
        hide_parameters=True,
    )

    @event.listens_for(engine, "do_connect")
    def create_private(*_: Any) -> None:
        """Mail is nobody else's business: the file is created for its owner alone; its WAL gets the same mode.

        One that is there must not be opened here: to close it would drop the locks of our other connections (POSIX
        locks belong to a process), and the next program to leave the database would delete the WAL that we write to.
        """
        try:
            with suppress(FileExistsError):
                os.close(os.open(str(url.database), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise TemporaryError(
                f"database {url.database}: {error.strerror}: check the folder and its owner"
            ) from error

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # What a savepoint may have to undo is kept in memory, not in a temporary file.
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")

    event.listen(engine, "handle_error", _raise_ours)
    return engine


def _bound_patience(connection: Any, _: object) -> None:
    """Who waits for what somebody else has locked gives up after BUSY_TIMEOUT_S, as on SQLite, instead of never.

    Said here and not in the URL: proxies between us and the server refuse what they do not know there.
    """
    connection.execute(f"SET lock_timeout = '{BUSY_TIMEOUT_S}s'")
    connection.commit()


def raise_ours(connection: Connection, error: Exception) -> None:
    """Raise the error of ours that an error of the driver means, when SQLAlchemy has not run the statement."""
    driver_connection = connection.connection.dbapi_connection
    if connection.dialect.is_disconnect(error, driver_connection, None):  # type: ignore[arg-type]
        # Nothing can be undone over it, and nobody else may get it.
        connection.invalidate(error)
    _raise_meaning(error, connection.engine, connection.dialect, connected=True)


def _raise_ours(context: ExceptionContext) -> None:
    """The same for what SQLAlchemy runs."""
    if context.engine is not None:
        connected = context.connection is not None
        _raise_meaning(context.original_exception, context.engine, context.dialect, connected=connected)


def _raise_meaning(found: BaseException, engine: Engine, dialect: sa.Dialect, *, connected: bool) -> None:
    """Raise the error of ours that a library's error means; programming errors pass unchanged."""
    if isinstance(found, HelpdeskError):
        return
    driver = dialect.loaded_dbapi
    place = f"database {shown(engine.url)}"
    if isinstance(found, driver.OperationalError):
        raise TemporaryError(f"{place}: {_cure(found, connected=connected)}") from found
    # The plain class, not its children: SQLite's "not a database" and "malformed".
    if type(found) is driver.DatabaseError:
        raise PermanentError(f"{place}: {found}: restore it from a backup") from found


def _cure(error: BaseException, *, connected: bool) -> str:
    said = " ".join(str(error).split())
    cure = ""
    if isinstance(error, sqlite3.Error):
        cure = next((cure for sign, cure in _SQLITE_CURES if sign in said.lower()), "")
    elif "lock timeout" in said:
        cure = (
            f"another program has kept what is needed locked for {BUSY_TIMEOUT_S} s: end it or wait; pg_locks names it"
        )
    elif not connected:
        cure = "no connection: check that the server runs and accepts the login of the database URL"
    return f"{cure} ({said})" if cure else said


def shown(url: URL) -> str:
    """The file, or the URL without its password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
