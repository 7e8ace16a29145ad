"""The call that lists sessions of traces, which MLflow's API does not have."""

from typing import ClassVar

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.http.codec import Answer, Call
from trackside.core.http.routes import LISTED, Route, query
from trackside.core.names import check_length
from trackside.traces.api.calls import seqs_of
from trackside.traces.search.sessions import Session, SessionSearch, find

PATH = "/api/trackside/v1/traces/sessions"
DEFAULT_RESULTS = 50
MAX_RESULTS = 500
MAX_SEARCH = 250


class FindSessions(Call, frozen=True):
    """`search` is a substring of the session's or the user's name, case-insensitive."""

    required: ClassVar[tuple[str, ...]] = ("experiment_id",)
    experiment_id: str | None = None
    search: str | None = None
    max_results: int | None = None
    page_token: str | None = None


class Sessions(Answer, frozen=True):
    sessions: list[Session] = []
    next_page_token: str | None = None


def sessions(tx: Tx, call: FindSessions) -> Sessions:
    most = DEFAULT_RESULTS if call.max_results is None else call.max_results
    if not 1 <= most <= MAX_RESULTS:
        raise Invalid(f"max_results is {most}; it must be between 1 and {MAX_RESULTS}")
    search = call.search or ""
    check_length(search, "search", MAX_SEARCH)
    found, token = find(tx, SessionSearch(seqs_of(tx, [call.experiment_id or ""]), search, most, call.page_token))
    return Sessions(sessions=found, next_page_token=token)


def routes() -> list[Route]:
    return [
        query(f"GET {PATH}", FindSessions, sessions, needs=Action.TRACES_READ, on=LISTED, answer=Sessions),
    ]
