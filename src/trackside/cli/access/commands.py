"""`trackside user`, `group`, `token`, `role`, `access`, `audit`: who may do what.  Calls the API; contains no SQL.

With --server a command calls a running server, as the user who is signed in there.  Without it, the command opens the store,
which works even if no administrator can sign in.
"""

import argparse
import sys
from typing import Any
from urllib.parse import urlencode

import msgspec

from trackside.access.model import unknown
from trackside.cli import credentials
from trackside.cli.access.calls import PREFIX, Local, Remote, listed, place, quoted
from trackside.cli.output import BROKEN, OK, Stop, day, moment, print_error, say
from trackside.cli.output import json as as_json
from trackside.core import settings
from trackside.core.counts import counted

_ROLE_FIELDS = {  # Azure's names, in lower case
    "name": "name",
    "description": "description",
    "actions": "actions",
    "notactions": "not_actions",
    "not_actions": "not_actions",
    "assignablescopes": "assignable_scopes",
    "assignable_scopes": "assignable_scopes",
}


def user_create(args: argparse.Namespace) -> int:
    fields = {"name": args.name, "is_admin": args.admin, "kind": "service" if args.service else "user"}
    if args.service and (args.password_stdin or args.one_time_password):
        raise Stop(
            "--service creates a service principal, which has no password; create a token for it by `trackside "
            "token create`"
        )
    if args.display_name:
        fields["display_name"] = args.display_name
    if not args.service and not args.no_password:
        fields |= _new_password(args)
    with place(args, makes=args.admin) as there:  # the first user is an administrator
        made = there.call("POST", f"{PREFIX}/users", fields)
    user = made["user"]
    what = "administrator" if user["is_admin"] else user["kind"] if user["kind"] == "user" else "service principal"
    _say_password(made, f"created {what} {user['name']}")
    return OK


def user_list(args: argparse.Namespace) -> int:
    return listed(
        args, f"{PREFIX}/users", "users", ("NAME", "KIND", "STATE", "GROUPS"),
        lambda each: (each["name"], each["kind"], _marks(each), ", ".join(each.get("groups", [])) or "-"),
    )  # fmt: skip


def user_delete(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("DELETE", f"{PREFIX}/users/{quoted(args.name)}")
    say(f"deleted user {args.name}, with their tokens, sessions and roles")
    return OK


def user_password(args: argparse.Namespace) -> int:
    with place(args) as there:
        made = there.call("PATCH", f"{PREFIX}/users/{quoted(args.name)}", _new_password(args))
    _say_password(made, f"{args.name} has a new password; their sessions have ended")
    return OK


def user_promote(args: argparse.Namespace) -> int:
    return _change(args, {"is_admin": True}, "is an administrator")


def user_demote(args: argparse.Namespace) -> int:
    return _change(args, {"is_admin": False}, "is not an administrator")


def user_disable(args: argparse.Namespace) -> int:
    return _change(args, {"is_disabled": True}, "may not sign in, and their tokens are refused")


def user_enable(args: argparse.Namespace) -> int:
    return _change(args, {"is_disabled": False}, "may sign in")


def group_create(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("POST", f"{PREFIX}/groups", {"name": args.name})
    say(f"created group {args.name}")
    return OK


def group_list(args: argparse.Namespace) -> int:
    return listed(
        args, f"{PREFIX}/groups", "groups", ("NAME", "MEMBERS"),
        lambda each: (each["name"], ", ".join(each.get("members", [])) or "-"),
    )  # fmt: skip


def group_delete(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("DELETE", f"{PREFIX}/groups/{quoted(args.name)}")
    say(f"deleted group {args.name}, with its roles")
    return OK


def group_add(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("POST", f"{PREFIX}/groups/{quoted(args.name)}/members", {"member": args.member})
    say(f"{args.member} is a member of {args.name}")
    return OK


def group_remove(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("DELETE", f"{PREFIX}/groups/{quoted(args.name)}/members/{quoted(args.member)}")
    say(f"{args.member} is not a member of {args.name}")
    return OK


def token_create(args: argparse.Namespace) -> int:
    """Create a token.  Only the token goes to standard output, so that a script can read it."""
    fields = {"token_name": args.name, "scope": args.scope, "place": args.place, "expires_in_days": args.expires}
    given = {name: value for name, value in fields.items() if value is not None}
    with place(args) as there:
        made = there.call("POST", _tokens(args, there), given)
    say(made["secret"])
    token = made["token"]
    print_error(
        f"this token is shown once; its scope is {token['scope']}, and it expires on {day(token.get('expires_at'))}"
    )
    return OK


def token_list(args: argparse.Namespace) -> int:
    return listed(
        args, lambda there: _tokens(args, there), "tokens",
        ("ID", "NAME", "TOKEN", "SCOPE", "PLACE", "EXPIRES", "LAST USED"),
        lambda each: (str(each["token_id"]), each["name"], f"{each['shown']}…", each["scope"], each["place"] or "everywhere",
                      day(each.get("expires_at")), day(each.get("last_used_at"))),
    )  # fmt: skip


def token_revoke(args: argparse.Namespace) -> int:
    with place(args) as there:
        found = there.call("GET", _tokens(args, there)).get("tokens", [])
        ids = [each["token_id"] for each in found if args.name in (each["name"], str(each["token_id"]))]
        if not ids:
            raise Stop(f"there is no token {args.name!r}; `trackside token list` shows the existing ones")
        there.call("DELETE", f"{_tokens(args, there)}/{ids[0]}")
    say(f"revoked token {args.name}")
    return OK


def role_list(args: argparse.Namespace) -> int:
    return listed(
        args, f"{PREFIX}/roles", "roles", ("NAME", "KIND", "DESCRIPTION"),
        lambda each: (each["name"], "custom" if each["is_custom"] else "built-in", each["description"]),
    )  # fmt: skip


def role_create(args: argparse.Namespace) -> int:
    """Create a role from Azure's JSON: Name, Description, Actions, NotActions, AssignableScopes."""
    try:
        raw = sys.stdin.buffer.read() if args.file == credentials.STDIN else open(args.file, "rb").read()  # noqa: SIM115, PTH123
        given = msgspec.json.decode(raw)
    except OSError as fault:
        raise Stop(f"{args.file!r} cannot be read ({fault.strerror})") from None
    except msgspec.DecodeError as fault:
        raise Stop(f"{args.file!r} is not JSON ({fault})") from None
    if not isinstance(given, dict):
        raise Stop(f"{args.file!r} is not a role: it must be a JSON object with Name and Actions")
    fields = {_ROLE_FIELDS[key.lower()]: value for key, value in given.items() if key.lower() in _ROLE_FIELDS}
    with place(args) as there:
        made = there.call("POST", f"{PREFIX}/roles", fields)["role"]
    allowed = made.get("allowed", [])
    say(f"created role {made['name']}: it allows {len(allowed)} actions of this server")
    strange = unknown([*made["actions"], *made.get("not_actions", [])])
    if strange and allowed:
        print_error(f"without effect, because no action of this server matches: {', '.join(strange)}")
    if not allowed:
        print_error(
            "the role allows nothing: no action of this server is among its Actions; `trackside role list` shows roles"
        )
    return OK


def role_delete(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("DELETE", f"{PREFIX}/roles/{quoted(args.name)}")
    say(f"deleted role {args.name}")
    return OK


def access_grant(args: argparse.Namespace) -> int:
    return _assign(args, "role-assignments", "has")


def access_deny(args: argparse.Namespace) -> int:
    return _assign(args, "deny-assignments", "is denied")


def access_list(args: argparse.Namespace) -> int:
    query = urlencode({key: value for key, value in (("principal", args.principal), ("scope", scope_of(args, "")))
                       if value})  # fmt: skip
    return listed(
        args, f"{PREFIX}/role-assignments?{query}", "assignments", ("ID", "PRINCIPAL", "", "ROLE", "SCOPE"),
        lambda each: (str(each["assignment_id"]), each["principal"], "DENIED" if each["is_denial"] else "has", each["role"],
                      each["scope"]),
    )  # fmt: skip


def access_revoke(args: argparse.Namespace) -> int:
    with place(args) as there:
        there.call("DELETE", f"{PREFIX}/role-assignments/{args.id}")
    say(f"removed assignment {args.id}")
    return OK


def access_explain(args: argparse.Namespace) -> int:
    """Explain a right.  Return BROKEN if it is not allowed."""
    query = urlencode({"principal": args.principal, "action": args.action, "scope": scope_of(args, "/ws/default")})
    with place(args) as there:
        found = there.call("GET", f"{PREFIX}/access/explain?{query}")
    if args.json:
        say(as_json(found))
    else:
        verb = "may" if found["is_allowed"] else "may not"
        say(f"{found['principal']} {verb} do {found['action']} at {found['scope']}:")
        for reason in found.get("because", []):
            say(f"  {reason}")
    return OK if found["is_allowed"] else BROKEN


def audit_list(args: argparse.Namespace) -> int:
    asked = {"actor": args.actor, "action": args.action, "outcome": args.outcome, "max_results": args.max}
    query = urlencode({key: value for key, value in asked.items() if value is not None})
    with place(args) as there:
        found = there.call("GET", f"{PREFIX}/audit?{query}").get("entries", [])
    for entry in found if not args.json else []:
        what = f"{entry['object_type']} {entry['object_id']}".strip()
        say(
            f"{entry['seq']:>6} {moment(entry['at'])} {entry['actor'] or '-'} {entry['action']} {what} {entry['outcome']}"
        )
    if args.json:
        say(as_json(found))
    return OK


def audit_verify(args: argparse.Namespace) -> int:
    """Verify the audit log.  Return BROKEN if an entry was changed, removed or added."""
    with place(args) as there:
        found = there.call("GET", f"{PREFIX}/audit/verify")
    if found["is_whole"]:
        say(f"the audit log is complete: {counted(found['entries'], 'entries')} unchanged")
        return OK
    print_error(
        f"the audit log was changed: {found['fault']} (unchanged before it: {counted(found['entries'], 'entries')})"
    )
    return BROKEN


def scope_of(args: argparse.Namespace, default: str) -> str:
    """Return the scope of --scope, or of --workspace with --experiment, --model or --endpoint."""
    if args.scope:
        return str(args.scope)
    objects = [
        (segment, value)
        for segment, value in (
            ("experiments", args.experiment), ("models", args.model), ("onlineEndpoints", args.endpoint)
        )
        if value
    ]  # fmt: skip
    if len(objects) > 1:
        raise Stop("use only one of --experiment, --model and --endpoint")
    if not args.workspace and not objects:
        return default
    scope = f"/ws/{args.workspace or settings.workspace() or 'default'}"
    return scope + "".join(f"/{segment}/{value}" for segment, value in objects)


def _assign(args: argparse.Namespace, what: str, verb: str) -> int:
    fields = {"principal": args.principal, "role": args.role, "scope": scope_of(args, "/")}
    with place(args) as there:
        made = there.call("POST", f"{PREFIX}/{what}", fields)["assignment"]
    say(f"{made['principal']} {verb} {made['role']} at {made['scope']} (assignment {made['assignment_id']})")
    return OK


def _change(args: argparse.Namespace, fields: dict[str, Any], said: str) -> int:
    with place(args) as there:
        there.call("PATCH", f"{PREFIX}/users/{quoted(args.name)}", fields)
    say(f"{args.name} {said}")
    return OK


def _new_password(args: argparse.Namespace) -> dict[str, Any]:
    if args.one_time_password:
        return {"one_time_password": True}
    return {"password": _typed_password(args)}


def _say_password(made: Any, said: str) -> None:
    """Print a one-time password.  Only the password goes to standard output, so that a script can read it."""
    if made.get("password") is None:
        say(said)
        return
    say(made["password"])
    ends = moment(made["user"]["password_ends_at"])
    print_error(f"{said}; this password is shown once, and must be changed at the first sign-in, before {ends}")


def _typed_password(args: argparse.Namespace) -> str:
    if args.password_stdin:
        line = sys.stdin.readline().rstrip("\r\n")
        if not line:
            raise Stop("--password-stdin needs a line on standard input")
        return line
    return credentials.password(args.name)


def _tokens(args: argparse.Namespace, there: Local | Remote) -> str:
    if args.user:
        return f"{PREFIX}/users/{quoted(args.user)}/tokens"
    if isinstance(there, Local):
        raise Stop("--user is missing; name the owner of the token")
    return f"{PREFIX}/me/tokens"


def _marks(user: Any) -> str:
    if user["is_disabled"]:
        return "disabled"
    return "administrator" if user["is_admin"] else "-"
