"""Output of commands: results to stdout, errors as one line to stderr, exit codes."""

import io
import json as stdlib_json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from trackside.core.settings import SettingError

OK, BROKEN, WRONG = 0, 1, 2  # all is well; the thing asked about is not; the command could not be carried out
INTERRUPTED = 130


class Stop(Exception):
    """The command cannot go on; the message is one line for the operator, with what to do."""


def guarded(work: Callable[[], int]) -> int:
    """The exit code of `work`, whose expected failures become one line each."""
    _prepare_streams()
    try:
        code = work()
        _flush()
    except (Stop, SettingError) as stop:
        complain(str(stop))
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except EOFError:  # of `input`
        complain("the input has ended, and an answer was awaited")
        return WRONG
    except UnicodeEncodeError as fault:  # bytes of the command line that are no text come as surrogates
        complain(
            f"{str(fault.object)[:200]!r} has bytes that are no text in this locale; UTF-8 is usual (LC_ALL=C.UTF-8)"
        )
        return WRONG
    except BrokenPipeError:
        # The reader (`| head`) has gone.  Python would complain once more when it flushes at the end.
        _discard_output()
        return BROKEN
    return code


def _prepare_streams() -> None:
    """Let what is printed neither fail because a stream is closed, nor because a character is unknown there."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller (`>&-`)
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # until the process ends
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise _unwritable(fault) from None


def _unwritable(fault: OSError) -> Stop:
    _discard_output()
    return Stop(f"standard output cannot be written ({fault.strerror})")


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """A line that is seen at once, also by a program that waits for it."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise _unwritable(fault) from None


def complain(text: str) -> None:
    with suppress(OSError):  # a log that is full, or a reader that has gone: the exit code says it too
        print(f"trackside: {visible(' '.join(text.split()))}", file=sys.stderr, flush=True)


# Escapes of the control characters, with which a text could command a terminal or forge lines.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {9: "\\t", 10: "\\n", 13: "\\r"}


def visible(text: str) -> str:
    """Return a text that others have written, with escapes in place of its control characters."""
    return text.translate(_CONTROLS)


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows in columns of equal width, without control characters; the last column is not padded."""
    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def show_list(found: Sequence[Any], heads: Sequence[str], row: Callable[[Any], Sequence[str]], *, as_json: bool) -> int:
    """Print what was found as JSON or as a table, which is nothing where nothing was found.  Return OK."""
    if as_json:
        say(json(found))
    elif found:
        say(table([heads, *map(row, found)]))
    return OK


def write_file(option: str, path: str, content: bytes) -> None:
    """Write the file that the option names."""
    try:
        Path(path).write_bytes(content)
    except OSError as fault:
        raise Stop(f"{option} is {path!r}, which cannot be written: {fault.strerror}") from None


def moment(ms: int | None) -> str:
    """A time of the server's, such as `2026-01-31 09:00:00Z`."""
    return "never" if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"


def day(ms: int | None) -> str:
    return moment(ms)[:10]


def json(value: Any) -> str:
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # such as in a locale of ASCII
        return stdlib_json.dumps(msgspec.json.decode(text), indent=2)
    return text
