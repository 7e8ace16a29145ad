"""Reads credentials for another server from files and the terminal."""

import getpass
import sys
import warnings
from pathlib import Path

from trackside.cli.output import Stop

STDIN = "-"


def token(file: str) -> str:
    """Return the token in the file of `--token-file`."""
    try:
        raw = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as fault:
        raise Stop(f"--token-file is {file!r}, which cannot be read ({fault.strerror})") from None
    try:
        text = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    if not text.isprintable() or not text or " " in text:
        raise Stop(f"--token-file is {file!r}, which has no token: a token is one line of letters, digits and signs")
    return text


def password(username: str, what: str = "Password") -> str:
    """Return a password that is typed without echo, or a line of standard input if there is no terminal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(f"{what} of {username}: ")
    except getpass.GetPassWarning:
        line = sys.stdin.readline()
    except EOFError:
        line = ""
    if not line.rstrip("\r\n"):
        raise Stop(f"there is no password of {username}: type it, or pass it on standard input")
    return line.rstrip("\r\n")
