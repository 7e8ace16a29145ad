"""Log lines that nobody forges: what a caller or a remote says stays in the line that quotes it."""

import logging
import re
import sys

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class LineFormatter(logging.Formatter):
    """Control characters are escaped, and the lines after the first (a traceback) are indented: so each line that begins with a
    time is one that the server wrote."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record).replace("\t", r"\t")
        return _CONTROL.sub(lambda found: rf"\x{ord(found[0]):02x}", text).replace("\n", "\n    ")


def begin(level: int) -> None:
    """Send the log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(FORMAT))
    logging.basicConfig(level=level, handlers=[handler])
