"""Encrypts short secrets for the store.

A secret is sealed with AES-256-GCM by the package `cryptography`, an extra; without it no secret is accepted.  Sealed data names
its key, so that a wrong key is distinguished from damage, and is bound to a context, so that it cannot be opened in another row.
"""

from __future__ import annotations

import base64
import hmac
import logging
import os
import secrets
import stat
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackside.core.disk import make_folder, sync_folder
from trackside.core.errors import BadState, Unsupported

if TYPE_CHECKING:
    from trackside.core.db.tx import (
        Tx,
    )  # `settings` imports this module, and the command line reads settings before it needs a database

log = logging.getLogger("trackside.seal")

MIN_CHARS = 32
NONCE_BYTES = 12
ID_BYTES = 8
FORMAT = b"\x01"


class SecretKey:
    """The text from which the key of each purpose is derived.  No log shows it."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        if len(self._text) < MIN_CHARS:
            raise ValueError(f"it must have {MIN_CHARS} characters or more, such as `openssl rand -base64 32` makes")
        self.id = self.derive("key id")[:ID_BYTES]

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes that reveal nothing about the key of another purpose."""
        return hmac.digest(self._text.encode(), f"trackside: {purpose}".encode(), "sha256")

    def __repr__(self) -> str:
        return "SecretKey(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretKey) and hmac.compare_digest(self.id, other.id)

    def __hash__(self) -> int:
        return hash(self.id)


class Sealer:
    """Seals with `key`, or with the one in `file`, which is created when it is first needed."""

    def __init__(self, key: SecretKey | None, file: Path) -> None:
        self._key = key
        self._file = file
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Find or create the key.  It raises its Fault before anything is written, and without blocking the writer."""
        _cipher()
        self._own_key()

    def derived(self, purpose: str) -> str:
        """Return a secret for a purpose, the same on each server of the store."""
        return self._own_key().derive(purpose).hex()

    def seal(self, tx: Tx, text: str, context: str) -> bytes:
        """Return the sealed text.  Raise a Fault, and store nothing, if the key is not the one of the store's other secrets."""
        cipher = _cipher()
        key = self._own_key()
        _check_same_key(tx, key)
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed: bytes = cipher(key.derive("seal")).encrypt(nonce, text.encode(), context.encode())
        return FORMAT + key.id + nonce + sealed

    def open(self, sealed: bytes, context: str) -> str:
        """Return the text.  Raise BadState, with the way to fix it, if it cannot be opened."""
        cipher = _cipher()
        key = self._own_key()
        rest = sealed[len(FORMAT) :]
        if sealed[: len(FORMAT)] != FORMAT or rest[:ID_BYTES] != key.id:
            raise _wrong_key()
        nonce, body = rest[ID_BYTES:][:NONCE_BYTES], rest[ID_BYTES + NONCE_BYTES :]
        try:
            opened: bytes = cipher(key.derive("seal")).decrypt(nonce, body, context.encode())
        except import_module("cryptography.exceptions").InvalidTag:
            raise BadState("A secret in the store is damaged; set it again.") from None
        return opened.decode()

    def _own_key(self) -> SecretKey:
        with self._lock:
            if self._key is None:
                self._key = _from_file(self._file)
            return self._key


def _cipher() -> Any:
    """Return the cipher class of `cryptography`."""
    try:
        return import_module("cryptography.hazmat.primitives.ciphers.aead").AESGCM
    except ModuleNotFoundError:
        raise Unsupported(
            "This server cannot keep secrets: it needs the package cryptography. Run: pip install 'trackside[secrets]'"
        ) from None


def _check_same_key(tx: Tx, key: SecretKey) -> None:
    """Raise if the key differs from the store's: all servers of a store must use one key, to read each other's secrets."""
    mine = key.id.hex()
    tx.run(
        "INSERT INTO sealing_keys (purpose, key_id) VALUES ('secrets', :id) ON CONFLICT (purpose) DO NOTHING", id=mine
    )
    row = tx.one("SELECT key_id FROM sealing_keys WHERE purpose = 'secrets'")
    if row is None or row[0] != mine:
        raise _wrong_key()


def _wrong_key() -> BadState:
    return BadState(
        "The secrets of this store were encrypted with a key other than this server's. Start every server of the "
        "store with "
        "the same TRACKSIDE_SECRET_KEY, or with the file secret.key that the first server created in its data folder. "
        "In a store "
        "that was restored without its key, enter each secret again, and regenerate both keys of each endpoint."
    )


def _from_file(file: Path) -> SecretKey:
    """Return the key in the file; create the file, readable by its owner only, if there is none."""
    if not file.exists():
        make_folder(file.parent)
        new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as made:
            made.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            made.flush()
            os.fsync(made.fileno())
        try:
            with suppress(FileExistsError):  # another process created it first: use that key
                os.link(new, file)
        finally:
            new.unlink()
        sync_folder(file.parent)
    try:
        key = SecretKey(file.read_text("utf-8"))
    except ValueError as fault:
        raise BadState(f"The file {file.name} in the data folder is not a key: {fault}.") from None
    _check_mode(file)
    return key


def _check_mode(file: Path) -> None:
    """Raise BadState if everybody can read the file.  The group may read it: volumes of containers are mounted that way."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & stat.S_IROTH:
        raise BadState(
            f"The file {file.name} in the data folder has the mode {mode:04o}, so that everybody on this machine may "
            f"read the key"
            f" of all secrets. Run: chmod 600 {file.name}"
        )
    if mode & stat.S_IRGRP:
        log.warning("%s has the mode %04o: its group may read the key of all secrets; 0600 is safer", file, mode)
