"""Parsers of settings, one function for each kind of value.

Each takes the text and returns the value, or raises ValueError with a message that says what the text must be.
"""

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from trackside.core import locations, places, prices
from trackside.core.errors import Invalid
from trackside.core.outgoing import addresses

MAX_WORKERS = 256


class Secret:
    """A text that no log shows."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "Secret(…)"


class MailServer(Struct, frozen=True):
    """The mail server.  `tls`: `implicit` from the first byte, `required` by STARTTLS, `offered`: by STARTTLS if the server
    supports it."""

    host: str
    port: int
    tls: Literal["implicit", "required", "offered"]
    user: str


_MAIL_SCHEMES: dict[str, tuple[Literal["implicit", "required", "offered"], int]] = {
    "smtp": ("offered", 587),
    "smtp+starttls": ("required", 587),
    "smtps": ("implicit", 465),
}
_MAIL_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def mail_server(text: str) -> MailServer | None:
    if not text:
        return None
    wrong = ValueError(
        "it must be smtp://, smtp+starttls:// or smtps:// with USER@ (if it requires a sign-in), HOST and :PORT"
    )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in _MAIL_SCHEMES or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise wrong
    if parts.password is not None:
        raise ValueError("it must have no password; set TRACKSIDE_MAIL_PASSWORD")
    tls, usual = _MAIL_SCHEMES[parts.scheme]
    return MailServer(parts.hostname, port or usual, tls, unquote(parts.username or ""))


def mail_address(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@" + _MAIL_DOMAIN.pattern, text):
        raise ValueError("it must be an address such as trackside@example.org")
    return text


def mail_domains(text: str) -> tuple[str, ...]:
    words = tuple(word.lower() for word in listed(text))
    for word in words:
        if not _MAIL_DOMAIN.fullmatch(word):
            raise ValueError(f"{word!r} in it must be a domain such as example.org")
    return words


def http_address(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        _ = parts.port
    except ValueError:
        is_whole = False
    if not is_whole or not text.isprintable():
        raise ValueError(
            "it must be an http or https address, such as http://127.0.0.1:4318, without user and password"
        )
    return text.rstrip("/")


def port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise ValueError("it must be a number from 0 to 65535; 0 chooses a free port")
    return int(text)


def workers(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= MAX_WORKERS:
        raise ValueError(f"it must be a number from 1 to {MAX_WORKERS}")
    return int(text)


def number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"it must be a number from {least} to {most}")
        return int(text)

    return read


def schemes(text: str) -> tuple[str, ...]:
    schemes = tuple(word.lower() for word in listed(text))
    if not schemes or not {"http", "https"}.issuperset(schemes):
        raise ValueError("it must be https, http or both with a comma between")
    return schemes


def file(text: str) -> Path | None:
    if not text:
        return None
    path = locations.local_path(text)
    try:
        path.open("rb").close()
    except OSError as fault:
        raise ValueError(f"the file cannot be read ({fault.strerror})") from None
    return path


def model_prices(text: str) -> prices.Prices:
    path = file(text)
    return prices.BUILT_IN if path is None else prices.read(path)


def folders(text: str) -> tuple[Path, ...]:
    return tuple(map(folder, listed(text)))


def spark_masters(text: str) -> tuple[str, ...]:
    words = listed(text)
    for word in words:
        if not re.fullmatch(r"local|(spark|sc)://[A-Za-z0-9._-]+(:[0-9]{1,5})?(/[!-~]*)?", word):
            raise ValueError(f"{word!r} in it must be local, spark://HOST:PORT or sc://HOST:PORT")
    return words


def project_sources(text: str) -> tuple[str, ...]:
    words = listed(text)
    for word in words:
        if not re.fullmatch(r"(https://[A-Za-z0-9.-]+(:[0-9]+)?|file:///)[A-Za-z0-9._~/-]*", word) or ".." in word:
            raise ValueError(f"{word!r} in it must be a URL such as https://github.com/acme or file:///srv/git")
    return words


def networks(text: str) -> tuple[str, ...]:
    words = listed(text)
    for word in words:
        try:
            ip_network(word)
        except ValueError:
            raise ValueError(
                f"{word!r} in it must be an address such as 10.0.0.1, or a network such as 10.0.0.0/8"
            ) from None
    return words


def plain(text: str) -> str:
    return text.strip()


def default_role(text: str) -> tuple[str, ...]:
    words = tuple(word.lower() for word in listed(text))
    if words == ("none",):
        return ()
    if not words or not {"reader", "creator"}.issuperset(words):
        raise ValueError("it must be none, reader, creator or reader,creator")
    return words


def remotes(text: str) -> tuple[str, ...]:
    words = listed(text)
    addresses.listed(words)
    return words


def switch(text: str) -> bool:
    match text.strip().lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off" | "":
            return False
    raise ValueError("it must be true or false")


def host(text: str) -> str:
    name = text.removeprefix("[").removesuffix("]") if text.startswith("[") else text
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?", name):
        raise ValueError("it must be an address or a host name, without scheme and port")
    return name


def one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"it must be {', '.join(words[:-1])} or {words[-1]}")
        return text.lower()

    return read


def static_prefix(text: str) -> str:
    if text in ("", "/"):
        return ""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", text) or re.search(r"/\.\.?(/|$)", text):
        raise ValueError("it must be a path such as /mlflow: a slash at the start, none at the end, letters and digits")
    return text


def allowed_hosts(text: str) -> tuple[str, ...]:
    hosts = listed(text)
    for host in hosts:
        if not re.fullmatch(r"[A-Za-z0-9._*-]+(:[0-9*]+)?|\[?[0-9A-Fa-f:.*]+\]?(:[0-9]+)?", host):
            raise ValueError(
                f"{host!r} in it must be a host name or an address (* for any part), without scheme and path"
            )
    return hosts


def cors_origins(text: str) -> tuple[str, ...]:
    origins = listed(text)
    for origin in origins:
        if origin != "*" and not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9._:*\[\]-]+", origin):
            raise ValueError(
                f"{origin!r} in it must be an origin such as https://app.example.com, without path and last slash"
            )
    return origins


def is_name(host: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9._-]*[A-Za-z][A-Za-z0-9._-]*", host) is not None


def listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def artifact_roots(text: str) -> tuple[str, ...]:
    roots = tuple(str(locations.artifacts(word)) for word in listed(text))
    for root in roots:
        try:
            places.parse(root)
        except Invalid:
            raise ValueError(
                "each must be a folder or a bucket such as s3://BUCKET/FOLDER, without query and fragment"
            ) from None
    return roots


def buckets(text: str) -> tuple[str, ...]:
    found = listed(text)
    for word in found:
        try:
            is_plain = places.is_plain_bucket(places.parse(word))
        except Invalid:
            is_plain = False
        if not is_plain:
            raise ValueError(
                f"{word!r} in it must be a bucket or a folder of one, such as s3://BUCKET/FOLDER, gs://BUCKET or"
                " abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER"
            )
    return tuple(str(places.parse(word)) for word in found)


def first_line(text: str) -> str:
    try:
        lines = locations.local_path(text).read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise ValueError(f"it cannot be read ({getattr(fault, 'strerror', None) or 'it is not text'})") from None
    if not lines[0].strip() or any(map(str.strip, lines[1:])):
        raise ValueError(
            "it must hold the URL of a store in one line, such as postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    return lines[0].strip()


def folder(text: str) -> Path:
    path = locations.local_path(text)
    if path.exists() and not path.is_dir():
        raise ValueError("it is a file; it must be a folder, which is created if it is missing")
    return path
