"""Runs calls about users and access on a running server, or in the store itself as the operator.

The commands of `people` and `sign_in` share this module.  Without --server a command opens the store: a person who can read and
write the store's files needs no other right.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import msgspec

from trackside import opening
from trackside.access import routes as access_routes
from trackside.access.gate import Gate, Policy
from trackside.app.sign_in import issuers
from trackside.audit import routes as audit_routes
from trackside.cli import remote
from trackside.cli.lock import Lock, find_holder, of_server
from trackside.cli.output import Stop, show_list
from trackside.cli.stores import explained, open_database, refuse_foreign_file, status
from trackside.core import settings
from trackside.core.access import ALL_RIGHTS
from trackside.core.errors import Fault, NotFound
from trackside.core.http import codec
from trackside.core.http.calls import call_of
from trackside.core.http.routes import Table
from trackside.core.settings import Settings, SqliteStore
from trackside.identity import routes as identity_routes
from trackside.identity.oidc import bindings
from trackside.identity.oidc.routes import NoProviders
from trackside.identity.service import OPERATOR

PREFIX = "/api/trackside/v1"


class Local:
    """The same calls in the store itself, as the operator."""

    def __init__(self, db: Any, chosen: Settings) -> None:
        self._db = db
        gate = Gate(db, Policy())
        self._table = Table(
            [
                *identity_routes.routes(gate, max_token_days=chosen.max_token_days, session_s=0),
                *bindings.routes(issuers(chosen) or NoProviders()),
                *access_routes.routes(gate),
                *audit_routes.routes(),
            ]
        )

    def call(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Any:
        bare, _, query = path.partition("?")
        match = self._table.find(method, bare)
        assert match is not None
        route = match.route
        body = b"" if fields is None else codec.encode(fields)
        asked = call_of(route, method, query.encode(), match.params, body)
        prepared = route.prepare(asked) if route.prepare is not None else asked
        opened = self._db.read(0) if route.kind == "query" else self._db.write(0)
        with opened as tx:
            answer = route.handler(tx.by(OPERATOR.name).for_caller(OPERATOR, ALL_RIGHTS), prepared)
        return msgspec.json.decode(codec.encode(answer)) if answer is not None else {}


class Remote:
    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, fields: dict[str, Any] | None = None) -> Any:
        return remote.call(self.url, method, path, fields)


@contextmanager
def place(args: argparse.Namespace, *, makes: bool = False) -> Iterator[Local | Remote]:
    """Open the store, or name the server, that a command is for.  `makes`: create a store that does not exist; otherwise raise
    Stop."""
    if args.server:
        yield Remote(remote.server_of(args.server))
        return
    chosen = settings.load(args.given)
    refuse_foreign_file(chosen)
    if not makes and isinstance(chosen.store, SqliteStore) and not chosen.store.path.exists():
        raise Stop(
            f"there is no store {chosen.store}: name the server's store with --data or --store, or call the server "
            f"with --server; `trackside server` creates a store at its start"
        )
    lock: Lock | None = None
    with explained(chosen):
        if find_holder(chosen) is None:
            lock = of_server(chosen)
            db = opening.open_database(chosen)
        else:  # a running server reads the change from the store within a quarter of a second
            if status(chosen).pending:
                raise Stop(
                    f"the store {chosen.store} has a schema of another version than this command; use the "
                    f"command of the server's release"
                )
            db = open_database(chosen)
    try:
        yield Local(db, chosen)
    except NotFound as fault:  # the account may exist in another store
        raise Stop(
            f"{fault.message.removesuffix('.')}. The command searched the store {chosen.store}. Choose another store "
            f"with --data or --store, or a server with --server"
        ) from None
    except Fault as fault:
        raise Stop(fault.message) from None
    finally:
        db.close()
        if lock is not None:
            lock.release()


def listed(
    args: argparse.Namespace,
    path: Callable[[Local | Remote], str] | str,
    key: str,
    heads: Sequence[str],
    row: Callable[[Any], Sequence[str]],
) -> int:
    """Print the answer of a list call: a table, or JSON with --json.  Nothing is printed for an empty table."""
    with place(args) as there:
        found = there.call("GET", path if isinstance(path, str) else path(there)).get(key, [])
    return show_list(found, heads, row, as_json=args.json)


def quoted(name: str) -> str:
    return quote(name, safe="")
