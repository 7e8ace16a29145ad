"""Reads the parts of a target and the obstacles to its deletion.  Read-only."""

from trackside.cleanup import whole
from trackside.cleanup.model import PROTECTED, Found, Kind, Target, is_protecting
from trackside.core.db.tx import Row, Tx
from trackside.core.errors import BadState, NotFound
from trackside.experiments.model import check_id, not_found
from trackside.holds import store as holds
from trackside.holds.model import Hold
from trackside.holds.model import Kind as Held
from trackside.metrics import removal
from trackside.metrics.series import POINT_BYTES
from trackside.registry import aliases, models, uses, versions
from trackside.registry.files import removal as files
from trackside.registry.files import sources
from trackside.runs import lineage
from trackside.runs import store as runs
from trackside.traces.storage import trash

_ONE_RUN = "run_seq = :run"
_OF_EXPERIMENT = "experiment_seq = :seq"  # params, tags and metrics are clustered by experiment
_RUNS_OF_EXPERIMENT = "run_seq IN (SELECT run_seq FROM runs WHERE workspace_id = :ws AND experiment_seq = :seq)"


def find(tx: Tx, target: Target) -> Found:
    """Raise NotFound if the target does not exist."""
    match target.kind:
        case Kind.RUN:
            return _run(tx, target.run_id)
        case Kind.EXPERIMENT:
            return _experiment(tx, target.experiment_id)
        case Kind.LOGGED_MODEL:
            return _logged_model(tx, target.model_id)
        case Kind.MODEL | Kind.VERSION:
            return _registered(tx, target.name, target.version)
    if target.kind in whole.KINDS:
        return whole.KINDS[target.kind].find(tx, target)
    return _part(tx, target)


def run_roots(tx: Tx, run_ids: list[str]) -> dict[str, str]:
    rows = tx.all("SELECT run_id, artifact_uri FROM runs WHERE workspace_id = :ws AND run_id IN :ids", ids=run_ids)
    return dict(rows)


def some_runs(tx: Tx, experiment_id: str, most: int) -> list[str]:
    """Return the ids of some runs of an experiment, unordered: sorting all runs for each portion would cost more than the
    deletion."""
    rows = tx.all(
        """
        SELECT r.run_id FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND e.workspace_id = :ws AND e.experiment_id = :id LIMIT :most
        """,
        id=check_id(experiment_id),
        most=most,
    )
    return [run_id for (run_id,) in rows]


def some_models(tx: Tx, experiment_id: str, most: int) -> list[tuple[str, str]]:
    """Return ids and roots of some logged models of an experiment."""
    rows = tx.all(
        """
        SELECT m.model_id, m.artifact_uri FROM logged_models m JOIN experiments e ON e.experiment_seq = m.experiment_seq
        WHERE m.workspace_id = :ws AND e.experiment_id = :id ORDER BY m.model_seq LIMIT :most
        """,
        id=check_id(experiment_id),
        most=most,
    )
    return [(model_id, uri) for model_id, uri in rows]


def all_roots(tx: Tx, experiment_id: str) -> list[str]:
    """Return the roots of the files of all runs and logged models of an experiment."""
    rows = tx.all(
        """
        SELECT r.artifact_uri FROM runs r JOIN experiments e ON e.experiment_seq = r.experiment_seq
        WHERE r.workspace_id = :ws AND e.experiment_id = :id
        UNION ALL
        SELECT m.artifact_uri FROM logged_models m JOIN experiments e ON e.experiment_seq = m.experiment_seq
        WHERE m.workspace_id = :ws AND e.experiment_id = :id
        """,
        id=check_id(experiment_id),
    )
    return [uri for (uri,) in rows]


def check_experiment_unprotected(tx: Tx, experiment_seq: int) -> None:
    """Raise BadState for an experiment that is protected by a tag."""
    if _is_experiment_protected(tx, experiment_seq):
        raise BadState(f"The experiment is protected. Delete its tag {PROTECTED} first.").because(
            "protected", tag=PROTECTED
        )


def _run(tx: Tx, run_id: str) -> Found:
    row = _run_row(tx, run_id)
    run_seq, name, uri = row[0], row[1], row[2]
    return Found(
        name=name,
        counts={"runs": 1, **_counts_of_runs(tx, _ONE_RUN, _ONE_RUN, run=run_seq)},
        row_bytes=_bytes_of_runs(tx, _ONE_RUN, run=run_seq),
        roots=(uri,),
        is_protected=_is_run_protected(tx, run_seq, row[3]),
        versions=_made_of(tx, uri),
        links=_links(tx, "run", run_id),
        holds=_holds(tx, Held.RUN, run_id),
        kept=_kept_of_run(tx, run_id),
    )


def _part(tx: Tx, target: Target) -> Found:
    """Return what is stored about a metric, steps of a metric, a param, a tag, a dataset input or an artifact of a run."""
    run_seq, _, uri, experiment_seq = _run_row(tx, target.run_id)
    links: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    size = 0
    roots: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    match target.kind:
        case Kind.METRIC | Kind.STEPS:
            points = removal.count(tx, run_seq, target.key, target.from_step, target.to_step)
            if points is None:
                raise NotFound(f"Run {target.run_id} has no metric {target.key!r}")
            counts, size = {"points": points}, points * POINT_BYTES
            links = _links(tx, "run", target.run_id)
        case Kind.PARAM | Kind.TAG:
            table = "params" if target.kind is Kind.PARAM else "tags"
            row = tx.one(
                f"SELECT value FROM {table} WHERE workspace_id = :ws AND run_seq = :run AND key = :key",
                run=run_seq,
                key=target.key,
            )
            if row is None:
                raise NotFound(f"Run {target.run_id} has no {target.kind} {target.key!r}")
            counts, size = {table: 1}, len(target.key.encode()) + len(row[0].encode())
        case Kind.INPUT:
            tags = lineage.tags_of_input(tx, run_seq, target.name, target.digest)
            if tags is None:
                raise NotFound(
                    f"Run {target.run_id} has no dataset input {target.name!r} with the digest {target.digest!r}"
                )
            counts, links = {"datasets": 1, "tags": tags}, _links(tx, "run", target.run_id)
            kept = ("the data of the dataset stays where it is",)
        case _:
            found = _made_of(tx, sources.below(uri, target.path))
            roots = (uri,)
    is_own_flag = target.kind is Kind.TAG and target.key == PROTECTED
    return Found(
        name=target.key or target.path or target.name,
        counts=counts,
        row_bytes=size,
        roots=roots,
        is_protected=not is_own_flag and _is_run_protected(tx, run_seq, experiment_seq),
        versions=found,
        links=links,
        holds=_holds(tx, Held.RUN, target.run_id),
        kept=kept,
    )


def _experiment(tx: Tx, experiment_id: str) -> Found:
    row = tx.one(
        "SELECT experiment_seq, name FROM experiments WHERE workspace_id = :ws AND experiment_id = :id",
        id=check_id(experiment_id),
    )
    if row is None:
        raise not_found(experiment_id)
    seq, name = row
    inside = tx.one("SELECT COUNT(*) FROM runs WHERE workspace_id = :ws AND experiment_seq = :seq", seq=seq)
    logged = tx.one("SELECT COUNT(*) FROM logged_models WHERE workspace_id = :ws AND experiment_seq = :seq", seq=seq)
    traces, trace_bytes, span_files, span_file_bytes = trash.sizes_of(tx, seq)
    counts = {
        "experiments": 1,
        "runs": 0 if inside is None else inside[0],
        "logged_models": 0 if logged is None else logged[0],
        "traces": traces,
        **_counts_of_runs(tx, _OF_EXPERIMENT, _RUNS_OF_EXPERIMENT, seq=seq),
    }
    roots = tuple(all_roots(tx, experiment_id))
    return Found(
        name=name,
        counts=counts,
        row_bytes=_bytes_of_runs(tx, _RUNS_OF_EXPERIMENT, seq=seq) + trace_bytes,
        span_files=span_files,
        span_file_bytes=span_file_bytes,
        roots=roots,
        is_protected=_is_experiment_protected(tx, seq),
        protected_inside=_protected_inside(tx, seq),
        versions=tuple(files.versions_at_any(tx, roots)),
        links=_links(tx, "experiment", experiment_id) or _links_inside(tx, seq),
        is_default=experiment_id == "0",
        holds=_holds(tx, Held.EXPERIMENT, experiment_id),
    )


def _logged_model(tx: Tx, model_id: str) -> Found:
    row = tx.one(
        """
        SELECT model_seq, name, artifact_uri, experiment_seq FROM logged_models WHERE workspace_id = :ws AND model_id = :id
        """,
        id=model_id,
    )
    if row is None:
        raise NotFound(f"Logged model with ID '{model_id}' not found.")
    seq, name, uri, experiment_seq = row
    tag = tx.one(
        "SELECT value FROM logged_model_tags WHERE workspace_id = :ws AND model_seq = :seq AND key = :key",
        seq=seq,
        key=PROTECTED,
    )
    points = tx.one("SELECT COUNT(*) FROM logged_model_points WHERE workspace_id = :ws AND model_seq = :seq", seq=seq)
    return Found(
        name=name,
        counts={"logged_models": 1, "points": 0 if points is None else points[0]},
        roots=(uri,),
        is_protected=is_protecting(None if tag is None else tag[0]) or _is_experiment_protected(tx, experiment_seq),
        versions=_made_of(tx, uri),
        links=_links(tx, "logged_model", model_id),
        holds=_holds(tx, Held.LOGGED_MODEL, model_id),
    )


def _registered(tx: Tx, name: str, version: str) -> Found:
    key = models.key_of(tx, name)
    if version:
        versions.key_of(tx, name, version)
    number = int(version) if version else None
    kept, roots = files.planned(tx, key.model_seq, number)
    row = tx.one(
        """
        SELECT COUNT(*) FROM model_versions
        WHERE workspace_id = :ws AND model_seq = :model AND (:version = 0 OR version = :version)
        """,
        model=key.model_seq,
        version=number or 0,
    )
    tag = tx.one(
        "SELECT value FROM registered_model_tags WHERE workspace_id = :ws AND model_seq = :model AND key = :key",
        model=key.model_seq,
        key=PROTECTED,
    )
    return Found(
        name=name,
        counts={"versions": 0 if row is None else row[0]},
        roots=tuple(roots),
        is_protected=is_protecting(None if tag is None else tag[0]),
        uses=tuple(
            f"version {use.version} by {use.kind} '{use.user_name}'" for use in uses.of(tx, key.model_seq, number)
        ),
        aliases=tuple(f"@{each.alias} is version {each.version}" for each in aliases.of(tx, key.model_seq, number)),
        links=_links(tx, "registered_model", name),
        holds=_holds(tx, Held.VERSION, f"{name}/{version}") if version else _holds(tx, Held.MODEL, name),
        kept=tuple(f"version {each.version}: {each.reason}" for each in kept),
    )


def _run_row(tx: Tx, run_id: str) -> Row:
    run_seq = runs.seq_of(tx, run_id)
    row = tx.one(
        "SELECT run_seq, run_name, artifact_uri, experiment_seq FROM runs WHERE workspace_id = :ws AND run_seq = :run",
        run=run_seq,
    )
    assert row is not None
    return row


def _counts_of_runs(tx: Tx, which: str, which_runs: str, **bound: int) -> dict[str, int]:
    """`which` is the condition on tables with an experiment, `which_runs` the condition on tables without one.  The number of
    statements does not depend on the number of runs."""
    row = tx.one(
        f"""
        SELECT (SELECT COUNT(*) FROM params WHERE workspace_id = :ws AND {which}),
            (SELECT COUNT(*) FROM tags WHERE workspace_id = :ws AND {which}),
            COUNT(*),
            (SELECT COUNT(*) FROM inputs WHERE workspace_id = :ws AND {which_runs}),
            COALESCE(SUM(point_count), 0)
        FROM metric_series WHERE workspace_id = :ws AND {which}
        """,
        **bound,
    )
    return dict(zip(("params", "tags", "metrics", "datasets", "points"), map(int, row or (0,) * 5), strict=True))


def _bytes_of_runs(tx: Tx, which_runs: str, **bound: int) -> int:
    """Return the stored bytes of metric points."""
    row = tx.one(
        f"""
        SELECT COALESCE((SELECT SUM(LENGTH(points)) FROM metric_chunks WHERE workspace_id = :ws AND {which_runs}), 0)
            + COALESCE((SELECT SUM(LENGTH(points)) FROM metric_tails WHERE workspace_id = :ws AND {which_runs}), 0)
        """,
        **bound,
    )
    return 0 if row is None else int(row[0])


def _is_run_protected(tx: Tx, run_seq: int, experiment_seq: int) -> bool:
    row = tx.one(
        "SELECT value FROM tags WHERE workspace_id = :ws AND run_seq = :run AND key = :key", run=run_seq, key=PROTECTED
    )
    return is_protecting(None if row is None else row[0]) or _is_experiment_protected(tx, experiment_seq)


def _is_experiment_protected(tx: Tx, seq: int) -> bool:
    row = tx.one(
        "SELECT value FROM experiment_tags WHERE workspace_id = :ws AND experiment_seq = :seq AND key = :key",
        seq=seq,
        key=PROTECTED,
    )
    return is_protecting(None if row is None else row[0])


def _protected_inside(tx: Tx, seq: int) -> int:
    rows = tx.all(
        """
        SELECT value FROM tags WHERE workspace_id = :ws AND experiment_seq = :seq AND key = :key
        UNION ALL
        SELECT value FROM logged_model_tags WHERE workspace_id = :ws AND experiment_seq = :seq AND key = :key
        """,
        seq=seq,
        key=PROTECTED,
    )
    return sum(is_protecting(value) for (value,) in rows)


def _made_of(tx: Tx, uri: str) -> tuple[str, ...]:
    """Return registered versions whose files are at a location or below it."""
    place = sources.place(uri)
    return () if place is None else tuple(files.versions_at(tx, place))


def _holds(tx: Tx, kind: Held, object_id: str) -> tuple[Hold, ...]:
    return tuple(holds.covering(tx, kind, object_id))


def _links(tx: Tx, entity: str, local_id: str) -> tuple[str, ...]:
    rows = tx.all(
        """
        SELECT DISTINCT l.name FROM links l JOIN link_items i ON i.link_id = l.link_id
        WHERE l.workspace_id = :ws AND i.workspace_id = :ws AND i.entity = :entity AND i.local_id = :id ORDER BY l.name
        """,
        entity=entity,
        id=local_id,
    )
    return tuple(name for (name,) in rows)


def _links_inside(tx: Tx, experiment_seq: int) -> tuple[str, ...]:
    rows = tx.all(
        """
        SELECT DISTINCT l.name FROM links l JOIN link_items i ON i.link_id = l.link_id
        JOIN runs r ON r.run_id = i.local_id
        WHERE l.workspace_id = :ws AND i.workspace_id = :ws AND i.entity = 'run' AND r.workspace_id = :ws
            AND r.experiment_seq = :seq ORDER BY l.name
        """,
        seq=experiment_seq,
    )
    return tuple(name for (name,) in rows)


def _kept_of_run(tx: Tx, run_id: str) -> tuple[str, ...]:
    rows = tx.all(
        "SELECT model_id FROM logged_models WHERE workspace_id = :ws AND source_run_id = :id ORDER BY model_id",
        id=run_id,
    )
    return tuple(f"logged model {model_id} of the run stays" for (model_id,) in rows)
