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

OK, BROKEN, WRONG = 0, 1, 2  # success; a problem was found or the work failed; the command could not run
INTERRUPTED = 130


class Stop(Exception):
    """The command cannot run.  The message is one line for the operator and says what to do."""


def guarded(work: Callable[[], int]) -> int:
    """Return the exit code of `work`.  An expected failure is printed as one line."""
    _prepare_streams()
    try:
        code = work()
        _flush()
    except (Stop, SettingError) as stop:
        print_error(str(stop))
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except UnicodeEncodeError as fault:  # undecodable bytes of the command line are surrogates
        print_error(
            f"{str(fault.object)[:200]!r} has bytes that are not text in this locale; use a UTF-8 locale (LC_ALL=C.UTF-8)"
        )
        return WRONG
    except BrokenPipeError:
        # The reader (`| head`) has closed the pipe. Python would fail again when it flushes at exit.
        _discard_output()
        return BROKEN
    return code


def _prepare_streams() -> None:
    """Make printing tolerate closed streams and characters that the encoding lacks."""
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
    """Print a line and flush, for programs that read the output as it is written."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise _unwritable(fault) from None


def typed_answer(question: str = "") -> str:
    """Return the line that a person types, without the spaces around it."""
    try:
        return input(question).strip()
    except EOFError:
        raise Stop("standard input ended before an answer") from None


def print_error(text: str) -> None:
    with suppress(OSError):  # a full disk, or a reader that has ended: the exit code tells
        print(f"trackside: {visible(' '.join(text.split()))}", file=sys.stderr, flush=True)


# Escapes of control characters, which could control a terminal or forge lines.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {9: "\\t", 10: "\\n", 13: "\\r"}


def visible(text: str) -> str:
    """Return text of other people with its control characters escaped."""
    return text.translate(_CONTROLS)


def say_log(lines: Sequence[str], *, raw: bool) -> None:
    """Print lines that users' code wrote.  Unless `raw`, escapes stand for control characters other than tabs."""
    say("\n".join(lines if raw else ["\t".join(map(visible, line.split("\t"))) for line in lines]))


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return rows in columns of equal width, without control characters.  The last column is not padded."""
    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def show_list(found: Sequence[Any], heads: Sequence[str], row: Callable[[Any], Sequence[str]], *, as_json: bool) -> int:
    """Print rows as JSON or as a table; nothing if there are none.  Return OK."""
    if as_json:
        say(json(found))
    elif found:
        say(table([heads, *map(row, found)]))
    return OK


def write_file(option: str, path: str, content: bytes) -> None:
    """Write the file that an option names."""
    try:
        Path(path).write_bytes(content)
    except OSError as fault:
        raise Stop(f"{option} is {path!r}, which cannot be written: {fault.strerror}") from None


def moment(ms: int | None) -> str:
    """Return a time of the server, such as `2026-01-31 09:00:00Z`."""
    return "never" if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%SZ}"


def day(ms: int | None) -> str:
    return moment(ms)[:10]


def json(value: Any) -> str:
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # such as in the locale C
        return stdlib_json.dumps(msgspec.json.decode(text), indent=2)
    return text
