"""How commands speak: results to stdout, complaints as one line to stderr.  Knows exit codes; knows no command."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from trackside.core.settings import SettingError

OK, BROKEN, WRONG = 0, 1, 2  # all is well; the thing asked about is not; the command could not be carried out
INTERRUPTED = 130


class Stop(Exception):
    """The command cannot go on; the message is one line for the operator, with what to do."""


def guarded(work: Callable[[], int]) -> int:
    """The exit code of `work`, whose expected failures become one line each."""
    try:
        code = work()
        sys.stdout.flush()
    except (Stop, SettingError) as stop:
        complain(str(stop))
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has gone.  Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN
    return code


def say(text: str) -> None:
    """A line that is seen at once, also by a program that waits for it."""
    print(text, flush=True)


def complain(text: str) -> None:
    print(f"trackside: {' '.join(text.split())}", file=sys.stderr, flush=True)


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows in columns of equal width; the last column is left as it is."""
    rows = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
