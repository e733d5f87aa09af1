"""Copies of an SQLite desk: taken while the daemon works, looked through before they count, put back with care.

A backup is one file with everything, raw mail included. It shows the desk at one moment, whatever is committed
meanwhile, and appears under its name only once it is whole, sound and on the disk. PostgreSQL has tools of its own for
this, and is refused with their names.

What was done after a backup the desk does not know of when it is put back: letters have left, numbers were given out.
So `restore` holds the outbox back and gives no number a second time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from helpdesk.adapters.store import show
from helpdesk.adapters.store.engine import make_engine, transaction
from helpdesk.adapters.store.migrate import WANTED, migrate
from helpdesk.adapters.store.models import META, OUTBOX
from helpdesk.adapters.store.outbox import TO_BE_SENT
from helpdesk.adapters.store.senders import SendersLock
from helpdesk.errors import PermanentError, TemporaryError

# Pages copied between two looks at the progress: 8 MB.
_PAGES = 2000

# Numbers that are left out where nobody can say which were given out since the backup.
NUMBERS_SKIPPED = 1000

# What belongs to an SQLite database beside its file.
_BESIDE = ("-wal", "-shm")

Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What came of it. `aside` is where the database lies that was there before; `held_back` counts letters."""

    aside: Path | None
    held_back: int
    next_number: int
    latest: datetime | None


def back_up(url: str, file: Path, progress: Progress = lambda _: None) -> int:
    """Copy the desk at `url` into `file`, which must not exist; the size of the copy in bytes.

    Raises PermanentError for PostgreSQL, and where the copy would not be sound; TemporaryError where it cannot be
    written or the desk cannot be read.
    """
    source = _sqlite_file(url)
    if not source.exists():
        raise PermanentError(f"{source}: there is no database yet, so there is nothing to back up")
    if file.exists():
        raise PermanentError(f"{file} exists already: name another file, or a folder")
    with _errors_at(file), _taking_shape(file) as half:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as desk,
            closing(sqlite3.connect(half)) as copy,
        ):
            # Within one reading transaction, commits of the daemon do not begin the copy anew.
            desk.execute("BEGIN")
            desk.execute("SELECT count(*) FROM sqlite_master").fetchone()
            desk.backup(copy, pages=_PAGES, progress=lambda _, left, total: progress(1 - left / max(total, 1)))
        with closing(sqlite3.connect(half)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
            _refuse_damage(copy, source, "nothing was written; look with `helpdesk verify`")
    return file.stat().st_size


def restore(url: str, file: Path, stamp: str, progress: Progress = lambda _: None) -> Restored:
    """Put a backup in the place of the desk at `url`. What lies there is kept beside it, with `stamp` in its name.

    Raises PermanentError, and changes nothing, for what is no sound backup of a desk or is newer than this program,
    and while a daemon works on the desk.
    """
    target = _sqlite_file(url)
    _refuse_stranger(file)
    lock = SendersLock(str(target))
    if not lock.enter_alone():
        raise PermanentError(f"{target}: a daemon works on this desk. Stop it first: systemctl stop helpdesk")
    try:
        numbers_given = _next_number(target)
        with _errors_at(target):
            aside = _put_aside(target, stamp)
            with _taking_shape(target) as half:
                _copy(file, half, progress)
        migrate(url)
        return _begin_again(url, numbers_given, aside)
    finally:
        lock.close()


def prune(folder: Path, keep: int) -> tuple[Path, ...]:
    """Remove the oldest backups of a folder that are more than `keep`; those removed."""
    old = sorted(folder.glob("helpdesk-*.db"))[:-keep]
    for file in old:
        file.unlink()
    return tuple(old)


def _sqlite_file(url: str) -> Path:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise PermanentError(
            "this desk is kept in PostgreSQL, which has tools of its own for this:\n"
            "  pg_dump --format=custom --file=helpdesk.dump DATABASE            copies it while it works\n"
            "  pg_restore --clean --if-exists --dbname=DATABASE helpdesk.dump   puts it back; stop the daemons first\n"
            "Then: helpdesk verify"
        )
    make_engine(url).dispose()  # says what is wrong with the URL
    return Path(str(parsed.database))


@contextmanager
def _errors_at(place: Path) -> Iterator[None]:
    """Errors of the disk and of SQLite in the words of the operator."""
    try:
        yield
    except OSError as error:
        raise TemporaryError(f"{error.filename or place}: {error.strerror}") from error
    except sqlite3.OperationalError as error:
        raise TemporaryError(f"{place}: {error}: is the disk full, and may this user write there?") from error
    except sqlite3.DatabaseError as error:
        raise PermanentError(f"{place}: {error}") from error


@contextmanager
def _taking_shape(file: Path) -> Iterator[Path]:
    """A private file beside `file` that takes its name, durably, when the context ends well; else it is removed."""
    half = file.with_name(f"{file.name}.part")
    with suppress(FileNotFoundError):
        half.unlink()
    try:
        os.close(os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        yield half
        _sync(half)
        os.replace(half, file)
        _sync(file.parent)
    finally:
        with suppress(FileNotFoundError):
            half.unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_damage(database: sqlite3.Connection, place: Path, cure: str) -> None:
    found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise PermanentError(f"{place} is damaged ({'; '.join(found)}): {cure}")


def _refuse_stranger(file: Path) -> None:
    """Is it a whole backup of a desk that this program can use? It is only read, and no file appears beside it."""
    if not file.is_file():
        raise PermanentError(f"{file}: there is no such file")
    try:
        with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as database:
            _refuse_damage(database, file, "take another backup")
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                raise PermanentError(f"{file} is a database, but not one of helpdesk")
            found = int(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise PermanentError(f"{file} is no backup of a desk ({error})") from error
    if found > WANTED:
        raise PermanentError(
            f"{file} has schema {found}, this program knows {WANTED}: it was made by a newer version; "
            "restore it with that version"
        )


def _next_number(database: Path) -> int | None:
    """The number of the next ticket in a database that may be damaged or missing; None where it does not say."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as desk:
            row = desk.execute("SELECT next_number FROM meta").fetchone()
    except sqlite3.Error:
        return None
    return int(row[0]) if row else None


def _put_aside(database: Path, stamp: str) -> Path | None:
    if not database.exists():
        return None
    aside = database.with_name(f"{database.name}.before-{stamp}")
    for end in ("", *_BESIDE):
        with suppress(FileNotFoundError):
            os.rename(f"{database}{end}", f"{aside}{end}")
    return aside


def _copy(file: Path, half: Path, progress: Progress) -> None:
    size, done = max(file.stat().st_size, 1), 0
    with file.open("rb") as source, half.open("wb") as target:
        while piece := source.read(1 << 20):
            done += target.write(piece)
            progress(done / size)


def _begin_again(url: str, numbers_given: int | None, aside: Path | None) -> Restored:
    """The desk as it was, told what it cannot know: that letters have left and numbers were given out since."""
    engine = make_engine(url)
    try:
        with transaction(engine, writes=True) as connection:
            number = connection.execute(sa.select(META.c.next_number)).scalar_one()
            following = max(number, numbers_given) if numbers_given else number + NUMBERS_SKIPPED
            waiting = connection.execute(sa.select(sa.func.count()).select_from(OUTBOX).where(TO_BE_SENT)).scalar_one()
            connection.execute(sa.update(META).values(next_number=following, paused=META.c.paused | bool(waiting)))
            latest = show.latest_time(connection)
    finally:
        engine.dispose()
    return Restored(aside=aside, held_back=waiting, next_number=following, latest=latest)
