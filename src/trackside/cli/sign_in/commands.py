"""`trackside login`, `logout`, and the bindings of users and programs to identity providers."""

import argparse
import platform
import secrets
import time
from typing import Any

from trackside.cli import credentials, remote
from trackside.cli.access.calls import PREFIX, listed, place, quoted
from trackside.cli.output import OK, Stop, day, moment, say, typed_answer
from trackside.cli.sign_in import stored

WAYS = f"{PREFIX}/sign-in"
NOBODY = ""  # an Authorization that is not sent


def login(args: argparse.Namespace) -> int:
    """Sign in to a server by its provider, or by a password, and keep a token."""
    url = remote.server_of(args.url, "URL")
    former = stored.find(url)
    stored.check()
    name = f"login {platform.node()[:80]} {moment(time.time_ns() // 1_000_000)} {secrets.token_hex(2)}"
    provider = None if args.username else _provider(url, args.provider)
    username, made = _by_password(url, args.username, name) if provider is None else _by_device(url, provider, name)
    where = stored.keep(url, username, made["secret"])
    say(
        f"signed in to {url} as {username}; the token is in {where} and expires on {day(made['token'].get('expires_at'))}"
    )
    if not args.no_mlflow:
        say(_kept_for_mlflow(username, made["secret"], former))
    if args.show:
        say(f"export MLFLOW_TRACKING_URI={url} MLFLOW_TRACKING_TOKEN={made['secret']}")
    return OK


def _kept_for_mlflow(username: str, token: str, former: str | None) -> str:
    """Write the token for MLflow's client, and return a message about it."""
    try:
        path = stored.keep_for_mlflow(username, token, former)
    except Stop as fault:  # the login itself is done: its token is in the keyring
        return f"MLflow's client does not find it: {fault}; --show prints variables for that client"
    if path is None:
        return "~/.mlflow/credentials has other credentials and is not changed; --show prints variables for MLflow's client"
    return f"MLflow's client reads it from {path} and sends it to any server that it is configured for"


def logout(args: argparse.Namespace) -> int:
    """Revoke and remove the stored token of a server."""
    url = remote.server_of(args.url, "URL")
    token = stored.forget(url)
    if token is None:
        raise Stop(f"no user is signed in to {url}")
    try:
        _revoke(url, token)
    except Stop as fault:
        say(f"signed out of {url}; the server did not revoke the token ({fault})")
    else:
        say(f"signed out of {url}; its token is revoked")
    return OK


def user_identities(args: argparse.Namespace) -> int:
    return listed(
        args, f"{PREFIX}/users/{quoted(args.name)}/identities", "identities", ("ID", "PROVIDER", "SUBJECT"),
        lambda each: (str(each["identity_id"]), each["provider"] or each["issuer"], each["subject"]),
    )  # fmt: skip


def user_link(args: argparse.Namespace) -> int:
    fields = {"provider": args.provider, "subject": args.subject}
    with place(args) as there:
        there.call("POST", f"{PREFIX}/users/{quoted(args.name)}/identities", fields)
    say(f"{args.name} signs in as {args.subject} of {args.provider}")
    return OK


def user_unlink(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("DELETE", f"{PREFIX}/users/{quoted(args.name)}/identities/{args.id}")
    say(f"{args.name} can no longer sign in by identity {args.id}")
    return OK


def user_trusts(args: argparse.Namespace) -> int:
    return listed(
        args, f"{PREFIX}/users/{quoted(args.name)}/trusts", "trusts", ("ID", "PROVIDER", "CLAIMS"),
        lambda each: (str(each["trust_id"]), each["provider"] or each["issuer"],
                      ", ".join(f"{name}={value}" for name, value in sorted(each["claims"].items()))),
    )  # fmt: skip


def user_trust(args: argparse.Namespace) -> int:
    claims = dict(_claim(text) for text in args.claim)
    with place(args) as there:
        there.call("POST", f"{PREFIX}/users/{quoted(args.name)}/trusts", {"provider": args.provider, "claims": claims})
    say(f"programs with a matching JWT of {args.provider} act as {args.name}")
    return OK


def user_untrust(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("DELETE", f"{PREFIX}/users/{quoted(args.name)}/trusts/{args.id}")
    say(f"{args.name} no longer trusts {args.id}")
    return OK


def _provider(url: str, wanted: str | None) -> str | None:
    """Return the provider for the sign-in; None for a password."""
    ways = remote.call(url, "GET", WAYS, authorization=NOBODY)
    names = [each["name"] for each in ways.get("providers", [])]
    if wanted is not None and wanted not in names:
        raise Stop(f"--provider is {wanted!r}; {url} has {', '.join(names) or 'none'}")
    if wanted is None and len(names) > 1:
        raise Stop(f"{url} has several providers: set --provider to one of {', '.join(names)}, or use --username")
    return wanted or next(iter(names), None)


def _by_password(url: str, username: str | None, name: str) -> tuple[str, Any]:
    username = username or typed_answer("Username: ")
    shown = _with_own_password(url, username, credentials.password(username))
    fields = {"token_name": name, "scope": "admin"}
    return username, remote.call(url, "POST", f"{PREFIX}/me/tokens", fields, authorization=shown)


def _with_own_password(url: str, username: str, password: str) -> str:
    """Return the Authorization of a password; for a one-time password, ask for another one and change it first."""
    shown = remote.basic(username, password)
    try:
        found = remote.call(url, "GET", f"{PREFIX}/me", authorization=shown)
    except remote.NotSignedIn:
        raise Stop(f"{url} does not accept the username {username!r} with this password") from None
    if not found.get("must_change_password"):
        return shown
    say("This is a one-time password. Choose a new password.")
    chosen = credentials.password(username, "New password")
    fields = {"current_password": password, "password": chosen}
    remote.call(url, "POST", f"{PREFIX}/me/password", fields, authorization=shown)
    return remote.basic(username, chosen)


def _by_device(url: str, provider: str, name: str) -> tuple[str, Any]:
    """Return the token after the user has approved in a browser, on any machine."""
    begun = remote.call(url, "POST", f"{WAYS}/{provider}/device", {}, authorization=NOBODY)
    say(
        f"Open {begun['verification_uri_complete'] or begun['verification_uri']} and confirm the code {begun['user_code']}"
    )
    fields = {"handle": begun["handle"], "token_name": name}
    interval, until = begun["interval"], time.monotonic() + begun["expires_in"]
    while time.monotonic() < until:
        time.sleep(interval)
        done = remote.call(url, "POST", f"{WAYS}/{provider}/device/token", fields, authorization=NOBODY)
        if not done["is_pending"]:
            return done["username"], done
        interval = done["interval"]
    raise Stop("the code has expired; run the command again")


def _revoke(url: str, token: str) -> None:
    shown = f"Bearer {token}"
    for each in remote.call(url, "GET", f"{PREFIX}/me/tokens", authorization=shown).get("tokens", []):
        if each.get("is_this"):
            remote.call(url, "DELETE", f"{PREFIX}/me/tokens/{each['token_id']}", authorization=shown)


def _claim(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Stop(f"--claim is {text!r}; it must be NAME=VALUE, such as repository_id=1234")
    return name, value
