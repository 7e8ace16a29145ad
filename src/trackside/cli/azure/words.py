"""The words of `trackside azure-env`.  Knows flags; what the command does is in `commands`."""

import argparse
from typing import Any

FORMS = ("shell", "notebook", "databricks")


def add_commands(commands: Any) -> None:
    summary = "write the environment by which Azure ML's own client finds this server"
    parser: argparse.ArgumentParser = commands.add_parser(
        "azure-env", help=summary, description=f"{summary[0].upper()}{summary[1:]}."
    )
    parser.add_argument("--server", metavar="URL", help="where clients reach the server (default: TRACKSIDE_URL)")
    parser.add_argument(
        "--token",
        metavar="TOKEN",
        help="the token that the client shows (default: TRACKSIDE_TOKEN, or what login kept)",
    )
    parser.add_argument(
        "--ca", metavar="FILE", help="the authority that signed the server's certificate, on the client"
    )
    parser.add_argument("--format", choices=FORMS, default="shell", help="for a shell (default), a cell of a notebook, or an"
                        " init script of a Databricks cluster")  # fmt: skip
    parser.set_defaults(
        module="trackside.cli.azure.commands",
        function="run",
        arguments=lambda words: {
            "server": words.server,
            "token": words.token,
            "authority": words.ca,
            "form": words.format,
        },
    )
