"""The words of `trackside drift`.  What each command does is in `commands`."""

from typing import Any

RULES = ("default", "azure-v2", "azure-v1", "evidently", "nannyml")


def add_commands(commands: Any) -> None:
    parser = commands.add_parser(
        "drift", help="tell how tables differ from a reference", description="Tell how tables differ from a reference."
    )
    inner = parser.add_subparsers(title="commands", metavar="COMMAND")
    compare = inner.add_parser(
        "compare",
        help="compare two tables, without a server",
        description="Compare a table with a reference, column by column. The exit code is 3 if the table has drifted.",
    )
    compare.add_argument("reference", metavar="REFERENCE", help="Parquet or CSV file, or a folder of Parquet files")
    compare.add_argument("current", metavar="CURRENT", help="the same, to compare with the reference")
    compare.add_argument("--rules", choices=RULES, default="default", help="what counts as drift (default default)")
    compare.add_argument("--columns", nargs="+", metavar="NAME", help="these columns alone")
    compare.add_argument("--json", action="store_true", help="the same for programs")
    compare.add_argument("--html", metavar="FILE", help="write a report to this file")
    compare.set_defaults(
        module="trackside.cli.drift.commands", function="compare", given={}, arguments=lambda words: {"words": words}
    )
