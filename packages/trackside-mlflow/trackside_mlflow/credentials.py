"""The user's credentials for a server: from variables, from `trackside login`, or from MLflow's own file."""

from __future__ import annotations

import base64
import stat
from configparser import ConfigParser
from configparser import Error as ParsingError
from importlib import import_module
from pathlib import Path
from typing import Any

from trackside_mlflow import settings
from trackside_mlflow.errors import ConfigError

OURS = Path(".trackside") / "credentials"  # in the user's home: a section for each server
MLFLOWS = Path(".mlflow") / "credentials"


def authorization(url: str) -> str | None:
    """Return a value for `Authorization`; None if there are no credentials.

    The order is TRACKSIDE_TOKEN; MLFLOW_TRACKING_USERNAME with _PASSWORD; MLFLOW_TRACKING_TOKEN; the token that `trackside
    login` stored for this server; `~/.mlflow/credentials`."""
    if settings.own_token():
        return bearer(str(settings.own_token()))
    username, password = settings.mlflow_login()
    if username and password:
        return basic(username, password)
    if settings.token():
        return bearer(str(settings.token()))
    kept = _kept(url)
    if kept:
        return bearer(kept)
    found = _read(MLFLOWS)
    username = username or found.get("mlflow", "mlflow_tracking_username", fallback="")
    password = password or found.get("mlflow", "mlflow_tracking_password", fallback="")
    return basic(username, password) if username and password else None


def bearer(token: str) -> str:
    return f"Bearer {token}"


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _kept(url: str) -> str | None:
    found = _read(OURS)
    if not found.has_section(url):
        return None
    path = Path.home() / OURS
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{path} contains tokens and other users can read it; run: chmod 600 {path}")
    if found.get(url, "keyring", fallback=""):
        keyring: Any = import_module("keyring")  # which stored it
        token: str | None = keyring.get_password(f"trackside {url}", found.get(url, "username", fallback=""))
        return token
    return found.get(url, "token", fallback="") or None


def _read(where: Path) -> ConfigParser:
    found = ConfigParser(interpolation=None, delimiters=("=",))
    path = Path.home() / where
    try:
        found.read_string(path.read_text("utf-8"))
    except FileNotFoundError:
        pass
    except (OSError, UnicodeError, ParsingError) as fault:
        raise ConfigError(f"{path} cannot be read ({fault})") from None
    return found
