"""The calls that search models and versions.  `search_sql` has the SQL."""

from collections.abc import Sequence

from trackside.core.access import Action
from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters import keyset
from trackside.core.http.codec import invalid_value
from trackside.registry import models, search_sql, versions
from trackside.registry.model import FoundModels, FoundVersions, Search
from trackside.registry.search_sql import MODELS, MOST_LISTED, VERSIONS, Listed, Subject

DEFAULT_MODELS, MAX_MODELS = 100, 1_000
DEFAULT_VERSIONS, MAX_VERSIONS = 200_000, 200_000


def search_models(tx: Tx, call: Search) -> FoundModels:
    limit = DEFAULT_MODELS if call.max_results is None else call.max_results
    if limit > MAX_MODELS:
        raise invalid_value("max_results", str(limit))
    rows, token = _page(tx, MODELS, call, _positive(limit))
    return FoundModels(registered_models=models.load(tx, [row[0] for row in rows]), next_page_token=token)


def search_versions(tx: Tx, call: Search) -> FoundVersions:
    """Return a page of versions, without aliases, as in MLflow."""
    limit = DEFAULT_VERSIONS if call.max_results is None else call.max_results
    if limit > MAX_VERSIONS:
        raise invalid_value("max_results", str(limit))
    rows, token = _page(tx, VERSIONS, call, _positive(limit))
    return FoundVersions(model_versions=versions.of_rows(tx, rows), next_page_token=token)


def _page(tx: Tx, subject: Subject, call: Search, limit: int) -> tuple[Sequence[keyset.Row], str | None]:
    """Return the rows of a page, which begin with the columns of the subject."""
    wanted = search_sql.read(subject, call)
    listed = []
    for probes in search_sql.probes(wanted, tx.dialect):
        for probe in probes:
            found = [key for (key,) in tx.all(probe.query.sql, **probe.query.params)]
            if len(found) <= MOST_LISTED:
                listed.append(Listed(probe.key, found))
                break
    readable = tx.only_readable("model", Action.MODELS_READ, "s.name")
    query = search_sql.statement(wanted, listed, limit, call.page_token, tx.dialect, readable)
    if any(not one.values for one in listed):
        return [], None
    return keyset.cut_rows(tx.all(query.sql, **query.params), limit, wanted.fingerprint, len(subject.row))


def _positive(limit: int) -> int:
    if limit < 1:
        raise Invalid(f"Invalid value for max_results. It must be a positive integer, but got {limit}")
    return limit
