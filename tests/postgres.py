"""A throw-away PostgreSQL for the tests: a cluster of its own in a temporary folder, on a loopback port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

# Debian keeps the server programs out of the PATH, one folder for each version.
VERSIONS = Path("/usr/lib/postgresql")

_START_S = 30


def missing() -> str:
    """What a test against PostgreSQL needs and does not find, or an empty string."""
    if _program("initdb") is None:
        return "PostgreSQL's server programs"
    if os.geteuid() != 0:
        return "root (the server runs as the user postgres)"
    return ""


class Cluster:
    """A running server. Each test takes a database of its own: `with cluster.database() as url`."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        self._folder = folder
        self._numbers = count(1)

    def start(self) -> None:
        """Serve; returns when somebody can connect. Durability is off: the tests kill us, not the machine."""
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [
                    str(_program("postgres")),
                    *("-D", f"{self._folder}/data", "-k", str(self._folder), "-h", "127.0.0.1", "-p", str(self.port)),
                    *("-c", "fsync=off", "-c", "max_connections=200"),
                ],
                stdout=log,
                stderr=log,
                user="postgres",
                cwd=self._folder,
            )
        _wait_for(self.port, self._server, self._folder / "log")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End with all connections, at once (SIGQUIT, as a crash does) or when everybody has left (SIGTERM)."""
        self._server.send_signal(how)
        self._server.wait()

    def url(self, database: str) -> str:
        """Where `database` is, as `database = …` in config.toml has it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A fresh database, a copy of `template`; gone afterwards."""
        name = f"{template}_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def breaker(self, url: str) -> Callable[[], None]:
        """Ends all connections to the database at `url`, as a restart of the server does."""
        name = url.rpartition("/")[2]
        return lambda: self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def execute(self, statement: str) -> None:
        """Run a statement that no transaction may surround."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server with an empty cluster, stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="helpdesk-postgres-"))
    shutil.chown(folder, "postgres", "postgres")
    try:
        _run("initdb", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={folder}/data")
        server = Cluster(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGTERM)
    finally:
        shutil.rmtree(folder)


def _program(name: str) -> Path | None:
    return max(VERSIONS.glob(f"*/bin/{name}"), default=None)


def _run(name: str, *arguments: str) -> None:
    subprocess.run([str(_program(name)), *arguments], check=True, capture_output=True, user="postgres", cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
