"""The parsers of `trackside drift`; the commands are in `commands`."""

from typing import Any

from trackside.cli.parsers import add_command, add_group, add_json

RULES = ("default", "azure-v2", "azure-v1", "evidently", "nannyml")


def add_commands(commands: Any) -> None:
    inner = add_group(commands, "drift", "compare tables with a reference")
    compare = add_command(
        inner,
        "compare",
        "compare two tables, without a server",
        "trackside.cli.drift.commands",
        description="Compare a table with a reference, column by column. The exit code is 3 if the table has drifted.",
    )
    compare.add_argument("reference", metavar="REFERENCE", help="Parquet or CSV file, or a folder of Parquet files")
    compare.add_argument("current", metavar="CURRENT", help="the table to compare, in the same formats")
    compare.add_argument("--rules", choices=RULES, default="default", help="rule set (default default)")
    compare.add_argument("--columns", nargs="+", metavar="NAME", help="only these columns")
    add_json(compare)
    compare.add_argument("--html", metavar="FILE", help="write a report to this file")
