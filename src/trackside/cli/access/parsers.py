"""The parsers of `trackside user`, `group`, `token`, `role`, `access` and `audit`; the commands are in `commands`."""

import argparse
from collections.abc import Callable
from typing import Any

from trackside.cli.parsers import add_command, add_group, add_json
from trackside.core import settings

MODULE = "trackside.cli.access.commands"
BINDINGS = "trackside.cli.sign_in.commands"  # of users and programs to identity providers
_OF_BINDINGS = {f"user_{verb}" for verb in ("identities", "link", "unlink", "trusts", "trust", "untrust")}
_HELP = {
    "member": "name of the user",
    "id": "its number in the list",
    "principal": "name of a user, a service principal or a group",
    "role": "name of the role; `trackside role list` shows them",
    "action": "an action or its unambiguous ending, such as runs/write",
}
Add = Callable[[argparse.ArgumentParser], None]


def add_commands(commands: Any, add_store: Add) -> None:
    """`add_store` adds the flags that name a store."""

    def group(name: str, summary: str) -> Callable[..., argparse.ArgumentParser]:
        inner = add_group(commands, name, summary)

        def command(verb: str, help_: str, *names: str, shows: bool = False) -> argparse.ArgumentParser:
            function = f"{name}_{verb}"
            made = add_command(inner, verb, help_, BINDINGS if function in _OF_BINDINGS else MODULE, function)
            for each in names:
                made.add_argument(
                    each,
                    metavar=each.upper(),
                    type=int if each == "id" else str,
                    help=_HELP.get(each, f"name of the {name}"),
                )
            if shows:
                add_json(made)
            made.add_argument(
                "--server", metavar="URL", help="call this running server; by default the command opens the store"
            )
            add_store(made)
            return made

        return command

    _users(group("user", "manage users and service principals"))
    command = group("group", "manage groups of users")
    command("create", "create a group", "name")
    command("list", "list the groups and their members", shows=True)
    command("delete", "delete a group", "name")
    command("add", "add a user to a group", "name", "member")
    command("remove", "remove a user from a group", "name", "member")
    _tokens(group("token", "manage tokens"))
    command = group("role", "manage roles")
    command("list", "list the roles", shows=True)
    create = command("create", "create a role from a JSON file in Azure's form")
    create.add_argument(
        "file", metavar="FILE", help="with Name, Actions, NotActions, AssignableScopes; - for standard input"
    )
    command("delete", "delete a custom role", "name")
    _access(group("access", "assign and deny roles, and explain rights"))
    command = group("audit", "read and verify the audit log")
    listed = command("list", "list the newest entries", shows=True)
    listed.add_argument("--actor", metavar="NAME", help="only actions of this user")
    listed.add_argument(
        "--action", metavar="ACTION", help="only this action, such as user.create; user. for all actions on users"
    )
    listed.add_argument("--outcome", choices=("allowed", "denied", "failed"), help="only entries with this outcome")
    listed.add_argument("--max", type=int, metavar="N", help="at most this number (default 100)")
    command("verify", "check that no entry was changed, removed or added")


def _users(command: Callable[..., argparse.ArgumentParser]) -> None:
    create = command("create", "create a user", "name")
    create.add_argument("--admin", action="store_true", help="an administrator, who may do everything")
    create.add_argument(
        "--service", action="store_true", help="a service principal: a program, with tokens and no password"
    )
    create.add_argument("--display-name", metavar="TEXT", help="the name in the web UI")
    password = command("password", "set a new password of a user", "name")
    for each in (create, password):
        how = each.add_mutually_exclusive_group()
        if each is create:
            how.add_argument("--no-password", action="store_true", help="a user who signs in only by tokens")
        how.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        how.add_argument(
            "--one-time-password",
            action="store_true",
            help="generate and print a random password that the user must change at the first sign-in",
        )
    command("list", "list the users", shows=True)
    command("delete", "delete a user", "name")
    command("promote", "make a user an administrator", "name")
    command("demote", "make an administrator a user", "name")
    command("disable", "refuse sign-ins and tokens of a user", "name")
    command("enable", "accept a disabled user again", "name")
    command("identities", "list the subjects of providers that a user signs in as", "name", shows=True)
    link = command("link", "let a user sign in as a subject of a provider", "name")
    link.add_argument("--provider", metavar="NAME", required=True, help="the provider's table in the file of --oidc")
    link.add_argument("--subject", metavar="ID", required=True, help="the claim sub of the user at the provider")
    command("unlink", "remove a subject of a provider from a user, by the id that identities lists", "name", "id")
    command("trusts", "list the JWTs that a service principal trusts", "name", shows=True)
    trust = command("trust", "let programs with a JWT of a provider act as a service principal", "name")
    trust.add_argument(
        "--provider", metavar="NAME", required=True, help="the provider's table in the file of --oidc, with an audience"
    )
    trust.add_argument(
        "--claim",
        metavar="NAME=VALUE",
        action="append",
        required=True,
        help="a claim that the JWT must have, such as sub=system:serviceaccount:ml:trainer; may be repeated",
    )
    command("untrust", "remove a trust, by the id that trusts lists", "name", "id")


def _tokens(command: Callable[..., argparse.ArgumentParser]) -> None:
    create = command("create", "create a token, which is printed once", "name")
    create.add_argument(
        "--scope", choices=("read", "write", "admin", "scim"), help="limit of its rights (default write)"
    )
    create.add_argument(
        "--place",
        metavar="WORKSPACE[/EXPERIMENT_ID]",
        help="limit to a workspace or an experiment (default: all places of its owner)",
    )
    create.add_argument("--expires", type=int, metavar="DAYS", help="default 90")
    listed = command("list", "list tokens, and when each was last used", shows=True)
    revoke = command("revoke", "revoke a token, by its name or id", "name")
    for each in (create, listed, revoke):
        each.add_argument("--user", metavar="NAME", help="its owner (default: the caller, with --server)")


def _access(command: Callable[..., argparse.ArgumentParser]) -> None:
    grant = command("grant", "assign a role", "principal", "role")
    deny = command("deny", "deny the actions of a role; a denial overrides every role", "principal", "role")
    listed = command("list", "list assignments and denials", shows=True)
    listed.add_argument("--principal", metavar="NAME", help="only assignments of this user or group")
    command("revoke", "remove an assignment or a denial, by its id", "id")
    explain = command(
        "explain", "show whether a principal may do an action, and why", "principal", "action", shows=True
    )
    for each in (grant, deny, listed, explain):
        each.add_argument(
            "--scope", metavar="SCOPE", help="scope, such as / (the server) or /subscriptions/ID/resourceGroups/NAME"
        )
        each.add_argument("--workspace", "-w", metavar="NAME", help=f"a workspace ({settings.WORKSPACE})")
        each.add_argument("--experiment", metavar="ID", help="one experiment")
        each.add_argument("--model", metavar="NAME", help="one registered model")
        each.add_argument("--endpoint", metavar="NAME", help="one endpoint")
