"""The available columns of a table of runs: keys of params, metrics and tags, with the kinds of their values."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from trackside.core.db.tx import Tx
from trackside.core.errors import Invalid
from trackside.core.filters.fields import RUNS
from trackside.core.filters.nodes import Entity, Field
from trackside.core.filters.patterns import fold
from trackside.core.filters.to_python import number
from trackside.core.filters.write import field_text
from trackside.metrics.series import DOUBLE_MAX
from trackside.runs import search_sql, selection
from trackside.runs.selection import SelectRuns

MAX_COLUMNS = 10_000
DEFAULT_COLUMNS = 1_000
MOST_RUNS = 5_000  # whose values are looked at ...
LEAST_RUNS = 200
MOST_VALUES = 400_000  # ... or fewer, where runs have many keys
SHOWN_VALUES = 20
SHOWN_CHARS = 200

KINDS = {"metric": Entity.METRIC, "param": Entity.PARAM, "tag": Entity.TAG}
_TABLES = {Entity.PARAM: "params", Entity.TAG: "tags", Entity.METRIC: "metric_series"}


class ListColumns(SelectRuns, frozen=True):
    search: str | None = None  # part of a key, ignoring the case of ASCII letters
    kinds: list[str] | None = None
    max_results: int | None = None


class Column(Struct, frozen=True, kw_only=True):
    """A column.  `field` is its name in other calls; null if the key cannot be written there.  `runs` is the number of runs in
    the sample that have a value."""

    field: str | None
    kind: str
    key: str
    runs: int
    varies: bool
    numeric: int  # number of finite values
    min: float | None = None
    max: float | None = None
    p5: float | None = None
    p95: float | None = None
    values: list[str] = []  # values of a param or tag, the most frequent first


class Columns(Struct, frozen=True, kw_only=True):
    """Values are those of the first `sampled` matching runs, newest first; the list of keys is complete."""

    sampled: int
    more: bool
    columns: list[Column]


def read(tx: Tx, call: ListColumns) -> Columns:
    most = DEFAULT_COLUMNS if call.max_results is None else call.max_results
    if not 1 <= most <= MAX_COLUMNS:
        raise Invalid(f"max_results is {most}; it must be between 1 and {MAX_COLUMNS}")
    kinds = _kinds(call.kinds)
    search = selection.read(tx, call)
    if not search.experiments:
        return Columns(sampled=0, more=False, columns=[])
    part = fold(call.search or "")
    found = {
        kind: [key for key in keys(tx, entity, search.experiments) if part in fold(key)]
        for kind, entity in kinds.items()
    }
    number_of_keys = sum(map(len, found.values()))
    size = max(LEAST_RUNS, min(MOST_RUNS, MOST_VALUES // max(1, number_of_keys)))
    query = search_sql.query(search, size, None, tx.dialect)
    seqs, _ = search_sql.cut(search, tx.all(query.sql, **query.params), size)
    columns: list[Column] = []
    for kind, own in found.items():
        wanted = own[: most - len(columns)]
        columns += _columns(tx, kind, wanted, seqs)
    return Columns(sampled=len(seqs), more=number_of_keys > len(columns), columns=columns)


def values(tx: Tx, field: Field, experiments: Sequence[int], part: str, limit: int) -> list[tuple[str, int]]:
    """Return the values of a param or tag that contain `part`, with the number of runs of each, the most frequent first."""
    found = "instr(lower(value), :part)" if tx.dialect == "sqlite" else "strpos(lower(value), :part)"
    return [
        (value, runs)
        for value, runs in tx.all(
            f"""
            SELECT value, COUNT(*) FROM {_TABLES[field.entity]}
            WHERE workspace_id = :ws AND experiment_seq IN :experiments AND key = :key AND (:part = '' OR {found} > 0)
            GROUP BY value ORDER BY 2 DESC, 1 LIMIT :limit
            """,
            experiments=list(experiments),
            key=field.key,
            part=fold(part),
            limit=limit,
        )
    ]


def _kinds(asked: Sequence[str] | None) -> dict[str, Entity]:
    for kind in asked or []:
        if kind not in KINDS:
            raise Invalid(f"kinds has {kind!r}; each must be one of {', '.join(KINDS)}")
    return {kind: entity for kind, entity in KINDS.items() if not asked or kind in asked}


def keys(tx: Tx, entity: Entity, experiments: Sequence[int]) -> list[str]:
    """Return the keys of experiments, in order.

    The query skips from key to key in the primary key, so its cost does not depend on the number of runs."""
    table = _TABLES[entity]
    found: set[str] = set()
    for experiment_seq in experiments:
        rows = tx.all(
            f"""
            WITH RECURSIVE keys (key) AS (
                SELECT (SELECT MIN(t.key) FROM {table} t WHERE t.experiment_seq = :experiment)
                UNION ALL
                SELECT (SELECT MIN(t.key) FROM {table} t WHERE t.experiment_seq = :experiment AND t.key > k.key)
                FROM keys k WHERE k.key IS NOT NULL
            )
            SELECT k.key FROM keys k
            WHERE k.key IS NOT NULL
                AND EXISTS (SELECT 1 FROM experiments e WHERE e.workspace_id = :ws AND e.experiment_seq = :experiment)
            """,
            experiment=experiment_seq,
        )
        found.update(key for (key,) in rows)
    return sorted(found)


def _columns(tx: Tx, kind: str, keys: Sequence[str], seqs: Sequence[int]) -> list[Column]:
    if not keys:
        return []
    entity = KINDS[kind]
    value = "last_value, last_is_nan" if entity is Entity.METRIC else "value, 0"
    wanted = set(keys)
    found: dict[str, list[str | float]] = {key: [] for key in keys}
    own_key = "+" if tx.dialect == "sqlite" else ""  # keeps SQLite from reading all runs of the workspace
    for key, one, is_nan in tx.all(
        f"SELECT key, {value} FROM {_TABLES[entity]} WHERE {own_key}workspace_id = :ws AND run_seq IN :runs",
        runs=list(seqs),
    ):
        if key in wanted:
            found[key].append(float("nan") if is_nan else one)
    return [_column(kind, entity, key, found[key], len(seqs)) for key in keys]


def _column(kind: str, entity: Entity, key: str, values: Sequence[str | float], sampled: int) -> Column:
    counted = Counter(str(value) for value in values)
    numbers = sorted(_numbers(values))
    return Column(
        field=field_text(Field(entity, key), RUNS),
        kind=kind,
        key=key,
        runs=len(values),
        varies=len(counted) > 1 or 0 < len(values) < sampled,
        numeric=len(numbers),
        min=numbers[0] if numbers else None,
        max=numbers[-1] if numbers else None,
        p5=numbers[(len(numbers) - 1) * 5 // 100] if numbers else None,
        p95=numbers[(len(numbers) - 1) * 95 // 100] if numbers else None,
        values=[] if entity is Entity.METRIC else [text[:SHOWN_CHARS] for text, _ in counted.most_common(SHOWN_VALUES)],
    )


def _numbers(values: Iterable[str | float]) -> Iterable[float]:
    for value in values:
        said = number(value) if isinstance(value, str) else value
        if said is not None and abs(said) < DOUBLE_MAX:
            yield said
