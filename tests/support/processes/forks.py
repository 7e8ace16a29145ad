"""Child processes of `trackside` that start in milliseconds: forked from a process that has imported it already.

Each is a process as any other, with its own memory, environment, working directory, session and exit code.  Only the
imports are shared, which cost half a second of processor time in each process that makes them itself.
"""

import atexit
import contextlib
import functools
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from support.clocks import follow

IS_POSSIBLE = sys.platform == "linux"  # elsewhere a fork of a process with system libraries is not safe
# What commands and servers import when it is needed: each child would import it itself.
IMPORTED = (
    *("trackside.app.later", "trackside.cli.server.process", "trackside.cli.admin", "trackside.cli.doctor"),
    *("trackside.cli.links.commands", "trackside.cli.imports.commands", "trackside.cli.backup.restore"),
    *(
        "trackside.core.db.baseline",
        "trackside.core.db.index_statistics",
        "trackside.core.db.postgres",
        "trackside.artifacts.cloud",
        "trackside.cli.credentials",
    ),
    *("trackside.cli.access.commands", "trackside.cli.endpoints.commands", "trackside.cli.server.commands"),
    *("uvloop", "uvicorn.server", "uvicorn.loops.uvloop", "uvicorn.lifespan.off", "http.client", "ssl", "asyncio"),
    *("argon2", "encodings.idna", "opentelemetry.proto.collector.trace.v1.trace_service_pb2"),
    "trackside.traces.storage.frames",
)
_LENGTH = 4


class Forked:
    """The part of `subprocess.Popen` that tests use: text on pipes, signals and the exit code."""

    def __init__(self, pid: int, stdout: IO[str], stderr: IO[str] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stdout.close()
        if self.stderr is not None:
            self.stderr.close()
        self.wait()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and this process has yet to hear of it
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return its output on stdout and stderr until it ends."""
        said = {"stdout": "", "stderr": ""}

        def read(name: str, pipe: IO[str]) -> None:
            with pipe:
                said[name] = pipe.read()

        pipes = [
            (name, pipe)
            for name, pipe in (("stdout", self.stdout), ("stderr", self.stderr))
            if pipe and not pipe.closed
        ]
        threads = [threading.Thread(target=read, args=each, daemon=True) for each in pipes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout)
        self.wait(timeout)
        return said["stdout"], said["stderr"]

    def _end(self, code: int) -> None:
        self.returncode = code
        self._ended.set()


class Forks:
    """The process that forks.  When this process ends, it kills its children and ends too."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._lock = threading.Lock()
        self._born: list[Forked] = []
        self._started: list[int] = []
        self._has_ended = False
        self._news = threading.Condition()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.processes.forks", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, name="forks", daemon=True)
        self._reader.start()

    def start(
        self,
        words: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        stderr: bool = False,
        interval_factor: float = 1.0,
        clock: Path | None = None,
        given: str = "",
    ) -> Forked:
        """Run `trackside words…`.  Its stderr is that of this process, or with `stderr` a pipe.  `clock`: the file of a
        `Clock`.  `given`: what it reads on stdin."""
        typed = os.memfd_create("stdin")
        os.write(typed, given.encode())
        os.lseek(typed, 0, os.SEEK_SET)
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe() if stderr else (-1, os.dup(2))
        request = {
            "words": list(words),
            "env": dict(env),
            "cwd": str(cwd or Path.cwd()),
            "interval_factor": interval_factor,
            "clock": None if clock is None else str(clock),
        }
        with self._lock:
            _send(self._socket, request, [typed, out_write, err_write])
            with self._news:
                self._news.wait_for(lambda: self._started or self._has_ended)
                assert self._started, "the process that forks has ended"
                pid = self._started.pop()
                born = Forked(pid, os.fdopen(out_read), os.fdopen(err_read) if stderr else None)
                self._born.append(born)
                self._news.notify_all()
        for handle in (typed, out_write, err_write):
            os.close(handle)
        return born

    def _read(self) -> None:
        while (news := _receive(self._socket)) is not None:
            message, _ = news
            with self._news:
                if "code" not in message:
                    self._started.append(message["pid"])
                    self._news.notify_all()
                    # Its end may be the next message: by then it is known.
                    self._news.wait_for(lambda: not self._started)
                    continue
                for each in [each for each in self._born if each.pid == message["pid"]]:
                    self._born.remove(each)
                    each._end(message["code"])
        with self._news:
            self._has_ended = True
            self._news.notify_all()

    def close(self) -> None:
        """End it and its children."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._process.wait()  # so that the processor time of all of them counts as this process's
        self._reader.join()
        self._socket.close()


@functools.cache
def forks() -> Forks:
    """Return the forking process of this test process, started when it is first needed."""
    return Forks()


def close() -> None:
    """End what was started, if anything was."""
    if forks.cache_info().currsize:
        forks().close()
        forks.cache_clear()


def _send(connection: socket.socket, message: Any, handles: Sequence[int] = ()) -> None:
    body = json.dumps(message).encode()
    head = len(body).to_bytes(_LENGTH, "little")
    if handles:
        socket.send_fds(connection, [head], list(handles))
    else:
        connection.sendall(head)
    connection.sendall(body)


def _receive(connection: socket.socket) -> tuple[Any, list[int]] | None:
    """A message and its file descriptors; None when the other side has ended."""
    try:
        head, handles, _, _ = socket.recv_fds(connection, _LENGTH, 3)
        while head and len(head) < _LENGTH:
            head += connection.recv(_LENGTH - len(head))
        if not head:
            return None
        body = b""
        size = int.from_bytes(head, "little")
        while len(body) < size:
            body += connection.recv(size - len(body))
    except OSError:
        return None
    return json.loads(body), list(handles)


# From here on: in the process that forks.


def _serve(control: socket.socket) -> dict[str, Any] | None:
    """In each child, return the command to run.  None at the end, in the process that forks."""
    wakes, wake_by = os.pipe()
    os.set_blocking(wakes, False)
    os.set_blocking(wake_by, False)
    signal.set_wakeup_fd(wake_by, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    living: set[int] = set()
    while True:
        readable, _, _ = select.select([control.fileno(), wakes], [], [])
        if wakes in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(wakes, 4096)
            _remove_ended(control, living)
        if control.fileno() not in readable:
            continue
        received = _receive(control)
        if received is None:
            for pid in living:
                with contextlib.suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)
            for pid in living:
                os.waitpid(pid, 0)
            return None
        request, handles = received
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            control.close()
            os.close(wakes)
            os.close(wake_by)
            _become(request, handles)
            return dict(request)
        for handle in handles:
            os.close(handle)
        living.add(pid)
        _send(control, {"pid": pid})


def _remove_ended(control: socket.socket, living: set[int]) -> None:
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        living.discard(pid)
        with contextlib.suppress(OSError):
            _send(control, {"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _become(request: Mapping[str, Any], handles: Sequence[int]) -> None:
    for number, handle in enumerate(handles):
        os.dup2(handle, number)
        os.close(handle)
    # Python before 3.12.8 leaves a part of a file of bytecode if a test limits the size of files or fills the disk: each later
    # process that imports the module fails.
    sys.dont_write_bytecode = True
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    if request["clock"] is not None:
        follow(request["clock"])
    sys.argv = ["trackside", *request["words"]]


def _main() -> int:
    import gc
    from importlib import import_module

    from trackside.cli.main import main
    from trackside.core import settings
    from trackside.core.db import migrate

    for name in IMPORTED:
        import_module(name)
    # What each child would compute itself: the migrations, and the patterns of options and of `argparse`.
    migrate.migrations()
    settings.load({}, {})
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main(["server", "--help"])
    gc.collect()
    gc.freeze()
    request = _serve(socket.socket(fileno=int(sys.argv[1])))
    if request is None:
        return 0
    words, factor = request["words"], request["interval_factor"]
    return main(words) if factor == 1.0 else main(words, interval_factor=factor)


def _end(code: int) -> None:
    """End as an interpreter does, but for its last step: that frees each object of each module, and a child would copy all the
    memory that it shares with the process that forked it.  It took half of the processor time of a short command."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    try:
        ended = _main()
    except SystemExit as asked:
        if isinstance(asked.code, str):
            raise
        ended = asked.code or 0
    _end(ended)
