"""The flags --server and --workspace: which server a command asks, and which of its workspaces is meant."""

import argparse

from trackside.core import settings


def add_place(parser: argparse.ArgumentParser, workspace: str = "of this server") -> None:
    """Where a running server is, and which of its workspaces is meant."""
    words = f"{workspace} (default default; {settings.WORKSPACE})"
    parser.add_argument("--workspace", "-w", metavar="NAME", help=words)
    words = f"the server (default {settings.DEFAULT_URL}; {settings.SERVER_URL})"
    parser.add_argument("--server", metavar="URL", help=words)
