"""Formats log lines so that text of callers and remotes cannot forge further lines."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class LineFormatter(logging.Formatter):
    """Escapes control characters and indents the lines after the first (a traceback), so that each line that begins with a time
    was written by the server."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).replace("\t", r"\t")
        return _CONTROL.sub(lambda found: rf"\x{ord(found[0]):02x}", text).replace("\n", "\n    ")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts, level, logger, msg, the fields of `extra={"fields": …}`, and a traceback as `error`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"ts": at, "level": record.levelname.lower(), "logger": record.name, "msg": record.getMessage()}
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)  # ASCII: no character of a caller can begin another line


def begin(level: int, *, is_json: bool = False, always: str = "") -> None:
    """Send the log to standard error.  `always`: a logger whose lines are written whatever the level."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if is_json else LineFormatter(FORMAT))
    logging.basicConfig(level=level, handlers=[handler])
    if always:
        logging.getLogger(always).setLevel(logging.INFO)
