"""Tokens and session keys: creation, form and hashes.  Pure except for the random source.

A token is a prefix that names its kind, 30 random letters and digits (178 bits) and a checksum of six characters, so that
scanners recognise one, and this server rejects a typing error without the store.  Only its SHA-256 is stored.
"""

import hashlib
import re
import secrets
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
OF_USER, OF_SERVICE = "tsp_", "tss_"
RANDOM_CHARS, CHECK_CHARS = 30, 6
SHOWN_CHARS = 8  # of a token, in lists
_TOKEN = re.compile(rf"(?:{OF_USER}|{OF_SERVICE})[0-9A-Za-z]{{{RANDOM_CHARS + CHECK_CHARS}}}")
SESSION_BYTES = 32
OF_HTTPS = "https."  # begins the key of a session that began over HTTPS


def new_token(prefix: str) -> str:
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARS))
    return body + _checksum(body)


def is_token(text: str) -> bool:
    """Return whether the text has the form of a token with a correct checksum."""
    return _TOKEN.fullmatch(text) is not None and text[-CHECK_CHARS:] == _checksum(text[:-CHECK_CHARS])


def looks_like_token(text: str) -> bool:
    return text.startswith((OF_USER, OF_SERVICE))


def new_session_key(*, is_secure: bool = False) -> str:
    return f"{OF_HTTPS if is_secure else ''}{secrets.token_urlsafe(SESSION_BYTES)}"


def digest(secret: str) -> bytes:
    """Return the stored hash: the secret has enough entropy, so no slow hash is needed (ASVS 5.0, 6.5.2)."""
    return hashlib.sha256(secret.encode()).digest()


def shown(token: str) -> str:
    return token[:SHOWN_CHARS]


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    text = ""
    for _ in range(CHECK_CHARS):
        number, place = divmod(number, len(ALPHABET))
        text = ALPHABET[place] + text
    return text
