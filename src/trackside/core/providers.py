"""The identity providers that the operator names in a TOML file: each table is one provider.

A provider with a `client_id` signs users in by OpenID Connect.  A provider with an `audience` issues JWTs that programs
send as bearer tokens.  One provider may do both.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from trackside.core import locations
from trackside.core.setting_values import Secret

NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Provider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`groups` maps values of the groups claim to names of Trackside's groups; a value without an entry is itself the name."""

    issuer: str
    name: str = ""
    title: str = ""
    client_id: str = ""
    client_secret_file: str = ""
    scopes: str = "openid profile email"
    username_claim: str = "preferred_username"
    groups_claim: str = ""
    groups: dict[str, str] = {}
    create_users: bool = True
    create_groups: bool = False
    link_users: bool = False
    session_hours: int = 12
    audience: str = ""
    keys_file: str = ""
    ca_file: str = ""
    secret: Secret | None = None  # read from `client_secret_file`


class Providers(Struct, frozen=True):
    """`url` is the address by which browsers reach this server; empty: the host that a request names."""

    url: str = ""
    all: tuple[Provider, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.all)


NOBODY = Providers()


def read(text: str) -> Providers:
    """Return the providers of the file that `text` names.  Raise ValueError, whose message names table and key."""
    if not text:
        return NOBODY
    import tomllib  # noqa: PLC0415  # only a server with providers needs it

    path = locations.local_path(text)
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as fault:
        raise ValueError(f"the file cannot be read ({fault.strerror})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ValueError(f"the file must be TOML ({fault})") from None
    url = found.pop("url", "")
    if not isinstance(url, str):
        raise ValueError("url in it must be a text such as https://trackside.example.com")
    _check("url", url)
    providers = tuple(_provider(name, table, path.parent) for name, table in found.items())
    issuers = [each.issuer for each in providers]
    for issuer in issuers:
        if issuers.count(issuer) > 1:
            raise ValueError(f"issuer {issuer!r} is in two tables; each issuer needs one table")
    return Providers(url.rstrip("/"), providers)


def _provider(name: str, table: object, folder: Path) -> Provider:
    if not NAME.fullmatch(name):
        raise ValueError(f"table [{name[:50]}] must be named by lower-case letters, digits and -, a letter first")
    if not isinstance(table, Mapping):
        raise ValueError(f"{name[:50]} must be a table with issuer and client_id or audience")
    if "name" in table or "secret" in table:
        raise ValueError(f"table [{name}] has a key that is not known; client_secret_file names the file of a secret")
    try:
        made = msgspec.convert({**table, "name": name}, Provider)
    except msgspec.ValidationError as fault:
        raise ValueError(f"table [{name}] is wrong: {fault}") from None
    _check(f"issuer of [{name}]", made.issuer)
    if not made.client_id and not made.audience:
        raise ValueError(f"table [{name}] needs client_id (users sign in) or audience (programs send JWTs), or both")
    if made.client_id and made.audience == made.client_id:
        raise ValueError(
            f"audience of [{name}] is its client_id; an ID token would then be accepted as a program's token"
        )
    if "openid" not in made.scopes.split():
        raise ValueError(f"scopes of [{name}] are {made.scopes!r}; openid must be one of them")
    if not 1 <= made.session_hours <= 24 * 365:
        raise ValueError(f"session_hours of [{name}] is {made.session_hours}; it must be from 1 to {24 * 365}")
    files = {}
    for key in ("keys_file", "ca_file", "client_secret_file"):
        given = getattr(made, key)
        if given:
            files[key] = folder / given
    for key, path in files.items():
        try:
            path.open("rb").close()
        except OSError as fault:
            raise ValueError(f"{key} of [{name}] is {str(path)!r}, which cannot be read ({fault.strerror})") from None
    secret = files.get("client_secret_file")
    return msgspec.structs.replace(
        made,
        title=made.title or name,
        secret=None if secret is None else Secret(secret.read_text("utf-8").strip()),
        keys_file=str(files.get("keys_file", "")),
        ca_file=str(files.get("ca_file", "")),
    )


def _check(what: str, url: str) -> None:
    if not url:
        if what == "url":
            return
        raise ValueError(f"{what} is missing")
    from trackside.core.outgoing.exchange import check_url  # noqa: PLC0415  # loads an HTTP client; few servers have providers

    try:
        parts = check_url(url)
    except ValueError as fault:
        raise ValueError(f"{what} is {url[:200]!r}; {fault}") from None
    if parts.query:
        raise ValueError(f"{what} is {url[:200]!r}; it must have no query")
