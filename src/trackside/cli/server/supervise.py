"""Starts and supervises several worker processes.

The supervisor does no work of its own.  It starts the workers, replaces each one that dies (at once, then with growing delays if
they keep dying soon after the start), and passes SIGTERM on.  Workers detect themselves that the supervisor has ended.
"""

import os
import select
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from trackside.cli.output import BROKEN, OK, guarded, print_error

GRACE_S = 20.0  # for running work of children
YOUNG_S = 5.0  # a child that dies sooner makes the next one wait
MAX_DELAY_S = 30.0

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)

Child = Callable[[Callable[[], None]], int]


def run(count: int, child: Child, on_ready: Callable[[], None], *, grace_s: float = GRACE_S) -> int:
    """Keeps `count` processes running `child(ready)` until SIGTERM or SIGINT.  `on_ready` runs when all are ready.

    Then children have `grace_s` to finish.

    A child that exits before it was ready, at the first start, ends everything with its exit code: it has said why.  A
    child that a signal kills is replaced as soon as one child has been ready.
    """
    return _Supervisor(count, child, on_ready, grace_s).run()


class _Supervisor:
    def __init__(self, count: int, child: Child, on_ready: Callable[[], None], grace_s: float) -> None:
        self._count = count
        self._child = child
        self._on_ready = on_ready
        self._grace_s = grace_s
        self._born: dict[int, float] = {}  # pid -> when
        self._ready: set[int] = set()
        self._has_succeeded = False  # one was ready
        self._were_ready = False  # all were
        self._delay_s = 0.0
        self._next_start = 0.0
        self._stopping = False
        self._reports, self._report_to = os.pipe()  # a child that is ready writes its pid
        self._wakes, self._wake_by = os.pipe()
        os.set_blocking(self._wake_by, False)
        os.set_blocking(self._wakes, False)
        os.set_blocking(self._reports, False)

    def run(self) -> int:
        signal.set_wakeup_fd(self._wake_by, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # with a handler, it wakes `select`
        while not self._stopping:
            self._start_missing()
            self._wait()
            code = self._remove_ended()
            if code is not None:
                self._end_children()
                return code or BROKEN
        self._end_children()
        return OK

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopping = True

    def _start_missing(self) -> None:
        # The first child starts alone: an error that stops all of them is then reported once.
        wanted = self._count if self._has_succeeded else 1
        while len(self._born) < wanted and time.monotonic() >= self._next_start:
            # A signal that reaches the child before it replaces our handlers would be lost.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            pid = os.fork()
            if pid == 0:
                self._be_child()
            self._born[pid] = time.monotonic()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            if self._delay_s:
                self._next_start = time.monotonic() + self._delay_s

    def _be_child(self) -> None:
        """Run as a worker process; never returns."""
        code = BROKEN
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            for handle in (self._reports, self._wakes, self._wake_by):
                os.close(handle)
            code = guarded(lambda: self._child(lambda: _report(self._report_to)))
        except SystemExit as leave:
            code = leave.code if isinstance(leave.code, int) else BROKEN
        except BaseException:  # noqa: BLE001  # the last frame of this process: every error is shown
            traceback.print_exc()
        finally:
            os._exit(code)

    def _wait(self) -> None:
        is_waiting = self._has_succeeded and len(self._born) < self._count
        timeout = max(self._next_start - time.monotonic(), 0.0) if is_waiting else None
        readable, _, _ = select.select([self._reports, self._wakes], [], [], timeout)
        if self._wakes in readable:
            with suppress(BlockingIOError):
                os.read(self._wakes, 4096)
        self._read_reports()
        if not self._were_ready and len(self._ready & self._born.keys()) == self._count:
            self._were_ready = True
            self._on_ready()

    def _read_reports(self) -> None:
        with suppress(BlockingIOError):
            data = os.read(self._reports, 4096)
            self._ready.update(int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4))
            self._has_succeeded = True

    def _remove_ended(self) -> int | None:
        """Remove ended children.  Return the exit code if one of them could not start."""
        for pid in list(self._born):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            age_s = time.monotonic() - self._born.pop(pid)
            self._read_reports()  # the child may have reported after the last read of the pipe, and before its end
            was_ready = pid in self._ready
            self._ready.discard(pid)
            if self._stopping:
                continue
            code = os.waitstatus_to_exitcode(status)
            if code >= 0 and not was_ready and not self._were_ready:
                return code  # the child has printed the reason
            how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
            if not self._has_succeeded:
                print_error(f"worker {pid} {how} before it was ready")
                return BROKEN
            print_error(f"worker {pid} {how}; starting another")
            self._delay_s = min(max(self._delay_s * 2, 0.5), MAX_DELAY_S) if age_s < YOUNG_S else 0.0
            self._next_start = time.monotonic() + self._delay_s
        return None

    def _end_children(self) -> None:
        for pid in self._born:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + self._grace_s
        self._stopping = True
        while self._born and time.monotonic() < deadline:
            self._remove_ended()
            if self._born:
                select.select([self._wakes], [], [], min(1.0, max(deadline - time.monotonic(), 0.0)))
                with suppress(BlockingIOError):
                    os.read(self._wakes, 4096)
        for pid in self._born:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _report(handle: int) -> None:
    os.write(handle, os.getpid().to_bytes(4, "little"))  # less than PIPE_BUF: never in two parts
