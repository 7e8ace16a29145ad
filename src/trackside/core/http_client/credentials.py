"""The credentials by which this server signs in to another server.  Pure."""

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
        raise Invalid("token has an invalid character; it must be one line of ASCII letters, digits and signs")
    if ":" in username:
        raise Invalid("username has a colon, which basic authentication does not allow. Does it include the password?")
    return Secret(token=token, username=username, password=password or "")
