"""Tokens of servers on the user's machine: in the keyring if the package `keyring` works, otherwise in a file of mode 0600.

With a keyring the file only has the token's name there.  If the home folder is not writable, the token has a fixed name, and no
file is needed.

The stock MLflow client reads one token, for any server, from `~/.mlflow/credentials`.
"""

import os
import stat
import tempfile
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from trackside.cli.output import Stop

OURS = Path(".trackside") / "credentials"  # in the user's home: one section for each server
MLFLOWS = Path(".mlflow") / "credentials"
IN_KEYRING = "the keyring"
WITHOUT_FILE = "trackside login"  # the name in the keyring of a token that no file names
_USER, _PASSWORD = "mlflow_tracking_username", "mlflow_tracking_password"  # names of keys


def find(url: str) -> str | None:
    """Return the token for a server."""
    keyring = None if _is_writable() else _keyring()
    token: str | None = None if keyring is None else keyring.get_password(_service(url), WITHOUT_FILE)
    if token:
        return token
    found = _read(OURS)
    if found.get(url, "keyring", fallback=""):
        keyring = _keyring()
        return None if keyring is None else keyring.get_password(_service(url), found.get(url, "username", fallback=""))
    return found.get(url, "token", fallback="") or None


def check() -> None:
    """Raise Stop if a token cannot be stored, before one is created."""
    if not _is_writable() and _keyring() is not None:
        return
    folder = (_home() / OURS).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise Stop(
            f"the token cannot be stored: {folder} cannot be written to ({fault.strerror}); set HOME to a writable "
            f"folder, or create a token by `trackside token create` and set TRACKSIDE_TOKEN"
        ) from None


def keep(url: str, username: str, token: str) -> str:
    """Write a token down for later commands, and return where it is."""
    keyring = _keyring()
    if keyring is not None and not _is_writable():
        keyring.set_password(_service(url), WITHOUT_FILE, token)
        return IN_KEYRING
    found = _read(OURS)
    if keyring is None:
        found[url] = {"username": username, "token": token}
    else:
        keyring.set_password(_service(url), username, token)
        found[url] = {"username": username, "keyring": "yes"}
    path = _write(OURS, found)
    return str(path) if keyring is None else IN_KEYRING


def keep_for_mlflow(username: str, token: str, former: str | None) -> Path | None:
    """Write a token for the stock client.  Return None, and change nothing, if its file has credentials other than
    `former`.

    Raise Stop if the home folder is not writable.
    """
    found = _read(MLFLOWS)
    current = found.get("mlflow", _PASSWORD, fallback="")
    if current and current != former:
        return None
    if not found.has_section("mlflow"):
        found.add_section("mlflow")
    found["mlflow"].update({_USER: username, _PASSWORD: token})
    return _write(MLFLOWS, found)


def forget(url: str) -> str | None:
    """Remove the token for a server, also from the stock client's file, and return it."""
    keyring = None if _is_writable() else _keyring()
    alone = None if keyring is None else keyring.get_password(_service(url), WITHOUT_FILE)
    if keyring is not None and alone:
        keyring.delete_password(_service(url), WITHOUT_FILE)
        return str(alone)
    found = _read(OURS)
    if not found.has_section(url):
        return None
    token = find(url) or ""
    if found.get(url, "keyring", fallback="") and token:
        keyring = _keyring()
        assert keyring is not None
        keyring.delete_password(_service(url), found[url]["username"])
    found.remove_section(url)
    _write(OURS, found)
    mlflows = _read(MLFLOWS)
    if token and mlflows.get("mlflow", _PASSWORD, fallback="") == token:
        for key in (_USER, _PASSWORD):
            mlflows.remove_option("mlflow", key)
        _write(MLFLOWS, mlflows)
    return token


def _service(url: str) -> str:
    return f"trackside {url}"


def _keyring() -> Any:
    """Return the module if it is installed and has a persistent backend; otherwise None."""
    try:
        keyring: Any = import_module("keyring")  # an optional package, which takes 100 ms to import
    except ImportError:
        return None
    return keyring if getattr(keyring.get_keyring(), "priority", 0) > 0 else None


def _is_writable() -> bool:
    """Return whether the home folder is writable.  Creates no file."""
    try:
        place = (_home() / OURS).parent
    except Stop:
        return False
    while not place.exists() and place != place.parent:
        place = place.parent
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def _read(where: Path) -> ConfigParser:
    found = ConfigParser(interpolation=None, delimiters=("=",))
    try:
        path = _home() / where
    except Stop:  # a user without a home folder has no stored tokens
        return found
    try:
        mode = path.stat().st_mode
        if where == OURS and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Stop(f"{path} contains tokens and other users can read it; run: chmod 600 {path}")
        found.read_string(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, UnicodeError, ConfigError) as fault:
        raise Stop(f"{path} cannot be read ({fault}); remove it, and run `trackside login` for each server") from None
    return found


def _write(where: Path, found: ConfigParser) -> Path:
    path = _home() / where
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            found.write(file)
        draft.replace(path)
    except OSError as fault:
        with suppress(OSError):
            draft.unlink()
        raise Stop(f"{path} cannot be written ({fault.strerror})") from None
    return path


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise Stop("this user has no home folder for the tokens of `trackside login`; set HOME") from None
