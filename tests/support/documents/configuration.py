"""Writes docs/configuration.md from the table of options: `make configuration`."""

import re
from pathlib import Path

from trackside.core.options import OPTIONS, REFUSED_FLAGS, Option

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"

HEAD = """# Configuration

`trackside server` reads each option from its flag, else from its environment variable, unless that is empty, else takes
the default.
`trackside server -h` prints the same list. A value that cannot be read stops the start with a message that names the value, the
flag or variable that it came from, and what would be right. `trackside doctor` checks the settings without starting.

<!-- written by `make configuration` from src/trackside/core/options -->

| flag | variable | default | meaning |
|---|---|---|---|
"""
REFUSED = """
## Flags of MLflow's server that are refused

These flags of `mlflow server` are known and refused, with what to do in their place.

| flag | in its place |
|---|---|
"""


def text() -> str:
    """Return the whole page."""
    options = "".join(_row(option) for option in OPTIONS.values())
    refused = "".join(f"| `{flag}` | {_cell(why)} |\n" for flag, why in REFUSED_FLAGS.items())
    return f"{HEAD}{options}{REFUSED}{refused}"


def _row(option: Option) -> str:
    value = f" {option.metavar}" if option.metavar else ""
    flags = "none: a flag is seen by other users" if option.is_secret else f"`{', '.join(option.flags)}{value}`"
    variables = f"`{option.variable}`" + (f", `{option.mlflows}`" if option.mlflows else "")
    default = f"`{option.default}`" if option.default and len(option.default) < 40 else ""
    return f"| {_cell(flags)} | {variables} | {default} | {_cell(option.help)} |\n"


def _cell(words: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", words)


if __name__ == "__main__":
    PAGE.write_text(text())
