"""The server's credentials at another server.  Pure."""

from msgspec import Struct

from trackside.core.errors import Invalid


class Secret(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A token, or user and password (of Databricks: id and secret of a service principal), or a profile of the server's
    ~/.databrickscfg."""

    token: str = ""
    username: str = ""
    password: str = ""
    profile: str = ""


def check_credentials(token: str | None, username: str | None, password: str | None) -> Secret:
    """Return the credentials, which become a header of requests.  Raise Invalid, whose message does not show the token."""
    token, username = token or "", username or ""
    if not (token.isascii() and token.isprintable()):
        raise Invalid("token has a character that no token has: it is one line of letters, digits and signs of ASCII")
    if ":" in username:
        raise Invalid("username has a colon; basic authentication takes none with one. Is it followed by the password?")
    return Secret(token=token, username=username, password=password or "")
