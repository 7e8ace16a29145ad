"""The parsers of `trackside login` and `logout`; the commands are in `commands`."""

from typing import Any

from trackside.cli.parsers import add_command
from trackside.core import settings

MODULE = "trackside.cli.sign_in.commands"


def add_commands(commands: Any) -> None:
    login = add_command(
        commands,
        "login",
        "sign in to a server",
        MODULE,
        description="Sign in to a server, by its identity provider or a password, and store a token for this command "
        "line and for MLflow's client.",
    )
    login.add_argument(
        "--username", metavar="NAME", help="sign in by a password (default: by the server's provider, if any)"
    )
    login.add_argument("--provider", metavar="NAME", help="the provider, if the server has several")
    login.add_argument("--show", action="store_true", help="print variables with the token for stock MLflow clients")
    login.add_argument("--no-mlflow", action="store_true", help="do not write ~/.mlflow/credentials")
    logout = add_command(
        commands,
        "logout",
        "sign out of a server",
        MODULE,
        description="Revoke the stored token of a server, and remove it.",
    )
    for parser in (login, logout):
        parser.add_argument(
            "url", nargs="?", metavar="URL", help=f"default {settings.DEFAULT_URL}; {settings.SERVER_URL}"
        )
