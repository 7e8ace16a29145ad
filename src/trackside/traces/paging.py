"""Pages of lists in a fixed order, over a statement of the caller that selects all rows."""

from collections.abc import Sequence
from typing import Any

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.filters.keyset import Row, Term
from trackside.core.filters.to_sql import Binder

MAX_RESULTS = 50_000


def check_most(given: int | None, default: int) -> int:
    """Return the number of results of a call, or raise Invalid with MLflow's message."""
    most = default if given is None else given
    if not 1 <= most <= MAX_RESULTS:
        raise Invalid(f"max_results is {most}: max_results must be between 1 and {MAX_RESULTS}.")
    return most


def page(
    tx: Tx,
    select: str,
    terms: Sequence[Term],
    most: int,
    page_token: str | None,
    search: Sequence[Any],
    bind: Binder | None = None,
    **params: Any,
) -> tuple[Sequence[Row], str | None]:
    """Return at most `most` rows of `select`, each followed by the columns of the order, and the token of the next page.

    `terms` name columns of `select`; `search` identifies the search: a token of another one is refused.  `bind` has values of
    `select` besides `params`."""
    bind = bind or Binder()
    known = keyset.fingerprint(*search)
    start = keyset.start(page_token, known, [term.kind for term in terms])
    beyond = keyset.beyond(terms, start.after, bind)
    rows = tx.all(
        f"""
        SELECT x.*, {keyset.columns(terms)} FROM ({select}) AS x WHERE {beyond or "1 = 1"}
        ORDER BY {keyset.order_by(terms)} LIMIT {bind(most + 1)} OFFSET {bind(start.offset)}
        """,
        **bind.params,
        **params,
    )
    before = len(rows[0]) - 2 * len(terms) if rows else 0
    return keyset.cut_rows(rows, most, known, before)
