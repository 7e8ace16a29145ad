"""Replicas as child processes of the server: one `trackside.scorer` each, on a Unix socket.

A scorer ends with the server, however that ends: its standard input is a pipe whose other end only the server holds.  The server
binds the socket, in a folder that the model cannot write, and passes it on, so that a model cannot replace it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from trackside.core import disk
from trackside.core.processes import QUIET, sandbox
from trackside.endpoints.backends import scorer_stats
from trackside.endpoints.backends.flags import GRACE_S, scorer_flags
from trackside.endpoints.backends.logs import Log, Logs
from trackside.endpoints.backends.port import Observed, Prepared
from trackside.endpoints.model import Deployment

SCORER = Path(__file__).parents[2] / "scorer"
MOST_TMP_BYTES = 1 << 30
MOST_WRITTEN_BYTES = 64 << 20  # a model must not fill the server's disk
MOST_PATH_BYTES = 90
# In the folder of a replica: the socket, and the folder that the model may write.
_SOCKET, _WORK = "s", "w"


class _Process(Struct):
    process: "subprocess.Popen[bytes]"
    folder: Path
    log: Log
    is_ready: bool = False

    @property
    def address(self) -> str:
        return str(self.folder / _SOCKET)


class ProcessBackend:
    """`folder` is the server's own for sockets.  `variables` are the environment variables of replicas."""

    def __init__(self, folder: Path, variables: dict[str, str], logs: Logs, *, isolates: bool = True) -> None:
        self._sockets = folder / "sockets"
        self._logs = logs
        self._variables = variables
        self._isolates = isolates
        self._running: dict[str, _Process] = {}
        self._lock = threading.Lock()
        disk.make_folder(self._sockets)

    brings_environment = False
    scales_itself = False

    def start(self, replica_id: str, deployment: Deployment, prepared: Prepared) -> str:
        own = self._folder_of(replica_id)
        work = own / _WORK
        work.mkdir(mode=0o700)
        with _bound(own / _SOCKET) as listening:
            command = [prepared.python, str(SCORER), *_flags(deployment, prepared, listening.fileno())]
            if self._isolates:
                command = sandbox.wrapped(
                    command,
                    readable=[prepared.folder, prepared.python, str(SCORER)],
                    writable=[str(work)],
                    tmp_bytes=MOST_TMP_BYTES,
                )
            process = subprocess.Popen(  # noqa: S603  # the model is what the caller brings; `sandbox` is around it
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                start_new_session=True,
                cwd=work,
                pass_fds=[listening.fileno()],
            )
        log = self._logs.of(deployment.deployment_seq)
        assert process.stdout is not None
        log.follow(process.stdout)
        running = _Process(process, own, log)
        with self._lock:
            self._running[replica_id] = running
        return running.address

    def adopt(self, replica_id: str, deployment: Deployment) -> bool:  # noqa: ARG002  # the port's signature
        """Return False: a process ends with the server that started it."""
        return False

    def observe(self, replica_id: str) -> Observed:
        with self._lock:
            running = self._running.get(replica_id)
        if running is None:
            return Observed(is_alive=False, is_ready=False, reason="The server that managed it has ended.")
        code = _exit_code(running.process)
        if code is not None:
            return Observed(is_alive=False, is_ready=False, reason=_ended(code, running.log))
        written = _written_bytes(running.folder / _WORK)
        if written > MOST_WRITTEN_BYTES:
            reason = f"It wrote {written >> 20} MiB of files; a replica may write {MOST_WRITTEN_BYTES >> 20} MiB outside of /tmp."
            return Observed(is_alive=False, is_ready=False, reason=reason)
        stats = scorer_stats.ask(running.address)
        running.is_ready = stats is not None
        stuck_s = 0.0 if stats is None else stats.stuck_s
        return Observed(is_alive=True, is_ready=stats is not None, pid=running.process.pid, stuck_s=stuck_s)

    def stop(self, replica_id: str) -> None:
        with self._lock:
            running = self._running.get(replica_id)
        if running is not None and _exit_code(running.process) is None:
            assert running.process.stdin is not None
            with suppress(OSError):  # it has just ended
                # A signal would end the sandbox, and with it the scorer at once.
                running.process.stdin.write(b"stop\n")
                running.process.stdin.flush()
            timer = threading.Timer(GRACE_S + 5, _kill, [running.process])
            timer.daemon = True
            timer.start()

    def forget(self, replica_id: str) -> None:
        with self._lock:
            running = self._running.pop(replica_id, None)
        if running is not None:
            _kill(running.process)
            running.process.wait()
            if running.process.stdin is not None:
                running.process.stdin.close()
            shutil.rmtree(running.folder, ignore_errors=True)

    def sweep(self, known: Set[str]) -> None:
        """Do nothing: no process outlives the server that started it."""

    def close(self) -> None:
        for replica_id in list(self._running):
            self.forget(replica_id)

    def _folder_of(self, replica_id: str) -> Path:
        """Create the folder of a replica's socket, whose path must fit into the 108 bytes of a socket address."""
        own = self._sockets / replica_id
        if len(os.fsencode(own)) > MOST_PATH_BYTES:
            return Path(tempfile.mkdtemp(prefix="trackside-"))
        own.mkdir(mode=0o700)
        return own

    def _environment(self) -> dict[str, str]:
        return {**self._variables, **QUIET}


def _flags(deployment: Deployment, prepared: Prepared, descriptor: int) -> list[str]:
    return ["--model", prepared.folder, "--socket-fd", str(descriptor), *scorer_flags(deployment), "--lifeline"]


def _bound(path: Path) -> socket.socket:
    """Return a Unix socket bound to the path.  It refuses connections until the scorer listens, and again after that has
    ended."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(path))
        path.chmod(0o600)
    except OSError:
        bound.close()
        raise
    return bound


def _written_bytes(folder: Path) -> int:
    """Return the size of the files that a model wrote."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(parent) / name).lstat().st_blocks * 512
    return total


def _ended(code: int, log: Log) -> str:
    last = next((line for line in reversed(log.tail(20)) if line.strip()), "")
    if code < 0:
        return f"The process was ended by {signal.Signals(-code).name}."
    return f"The process ended with exit code {code}. Its last line: {last[:500]}"


def _exit_code(process: "subprocess.Popen[bytes]") -> int | None:
    """Return the exit code; None while the process runs.

    The process stays a zombie until `_kill`, so that no other process gets its id, which is that of its group too."""
    if process.returncode is not None or sys.platform == "darwin":  # where Python has no `waitid` before 3.13
        return process.poll()
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if ended is None:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the process and its group: without a sandbox, children of a model outlive their scorer."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses signals to a group of zombies
            os.killpg(process.pid, signal.SIGKILL)
