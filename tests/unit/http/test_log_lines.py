"""No caller can inject a line into the server's log."""

import logging

import pytest

from trackside.core.log_lines import FORMAT, LineFormatter


def test_text_of_a_caller_stays_in_one_log_line(subtests: pytest.Subtests) -> None:
    cases = ["\n", "\r\n", "\r", "\x85", "\u2028", "\x0b", "\x1b[2K", "\0"]
    for end in cases:
        with subtests.test(end=end):
            try:
                raise ValueError(f"x{end}2026-01-01 00:00:00,000 ERROR trackside: forged")
            except ValueError as fault:
                record = logging.LogRecord(
                    "trackside",
                    logging.ERROR,
                    "",
                    1,
                    "%s failed",
                    (f"/x{end}2026-01-01 forged",),
                    (type(fault), fault, fault.__traceback__),
                )

            lines = LineFormatter(FORMAT).format(record).splitlines()

            assert "failed" in " ".join(lines)
            assert not [line for line in lines[1:] if not line.startswith("    ")]
            assert "\x1b" not in "".join(lines)
