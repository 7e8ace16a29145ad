"""The child process of a monitor: `python -m trackside.drift.monitors.child FOLDER`.

It reads its parameters from the folder, computes sums from rows and results from sums, and writes the answer there.  It has no
access to the store: the server stores its answer.
"""

import hashlib
import io
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from msgspec.structs import replace
from pyarrow import parquet

from trackside.core import disk
from trackside.drift import rules, sums, tables
from trackside.drift.magnitude import Magnitude, magnitude
from trackside.drift.monitors import attribution, evaluation, exchange, outcomes, profiles, rows, windows
from trackside.drift.monitors.evaluation import Judgement, Reference, Result
from trackside.drift.monitors.exchange import Answer, Calibration, Extra, Judged, KnownBaseline, Order
from trackside.drift.monitors.model import Config, Score
from trackside.drift.monitors.profiles import Profile
from trackside.drift.monitors.rows import Collector, Found, Refused
from trackside.drift.monitors.windows import Window
from trackside.jobs.running import MARK

WHOLE = -1  # the start of all rows of a baseline
MOST_NAMED = 10  # columns in a message


def work(order: Order) -> Answer:
    """Return the results of the judged windows, and a newly read baseline.  Raise Refused."""
    config = order.config
    labels = {(request, row): label for request, row, label in order.labels}
    baseline = order.baseline
    if not baseline and order.baseline_files:
        baseline = _read_baseline(config, order.baseline_files)
    made = baseline if baseline is not order.baseline else []
    keeps = config.magnitude or config.attribution or config.rules == rules.MAGNITUDE_RULE
    found: Found = {}
    if order.windows:
        found = rows.of_windows(config, order.files, order.windows, labels, keeps_rows=keeps)
    ends = dict(order.windows)
    stored: dict[str, dict[Window, Profile]] = {}
    before: dict[tuple[str, int], str] = {}
    for known in order.known:
        stored.setdefault(known.slice, {})[Window(known.start, known.end)] = profiles.decode(known.sums)
        before[known.slice, known.start] = known.result
    _check_columns(config, baseline, stored.get("", {}).values(), found)
    for (slice_, start), collector in found.items():
        stored.setdefault(slice_, {})[Window(start, ends[start])] = collector.profile()
    answers: list[Judged] = []
    judged = set(order.judged)
    for slice_, known_of in sorted(stored.items()):
        for window in sorted(each for each in known_of if each.start in judged):
            judgement = _judge(config, baseline, slice_, window, known_of, found.get((slice_, window.start)))
            if (slice_, window.start) not in found:
                judgement = _carried(
                    config, judgement, _extra(baseline, slice_), before.get((slice_, window.start), "")
                )
            answers.append(_answer(slice_, window, known_of[window], judgement))
    return Answer(windows=answers, baseline=made, note=_note(answers))


def _check_columns(config: Config, baseline: list[KnownBaseline], stored: Iterable[Profile], found: Found) -> None:
    """Raise Refused if baseline and windows have no column in common, or a chosen column is in neither.  The stored windows are
    the baseline of a monitor that compares with its past."""
    read = [collector for collector in found.values() if collector.rows]
    seen = {name: None for collector in read for name in collector.names}
    if config.baseline.is_past:
        known = {name: None for profile in stored for name in profile.table.columns}
        words = "neither the target nor its windows of the past have"
    elif baseline:
        whole = profiles.decode(next(each for each in baseline if not each.slice).sums)
        known = dict.fromkeys(whole.table.columns)
        words = "neither the baseline nor the target has"
    else:
        return
    lacking = [name for name in config.columns if name not in known and name not in seen]
    if read and lacking:
        raise Refused(f"columns names {lacking[0]!r}, which {words}")
    if seen and baseline and not any(name in known for name in seen):
        raise Refused(
            f"the baseline and the target have no column in common: the baseline has {_some(known)}; the target has"
            f" {_some(seen)}"
        )


def _some(names: Iterable[str]) -> str:
    chosen = list(names)
    return ", ".join(map(repr, chosen[:MOST_NAMED])) + (", ..." if len(chosen) > MOST_NAMED else "")


def _extra(baseline: list[KnownBaseline], slice_: str) -> Extra:
    by_slice = {each.slice: each.extra for each in baseline}
    data = by_slice.get(slice_) or by_slice.get("", b"")
    return msgspec.msgpack.decode(data, type=Extra) if data else Extra()


def _judge(
    config: Config,
    baseline: list[KnownBaseline],
    slice_: str,
    window: Window,
    known_of: dict[Window, Profile],
    collector: Collector | None,
) -> Judgement:
    timezone = windows.zone(config.timezone)
    first = windows.before(window, config.window, timezone)
    previous = known_of.get(first)
    if config.rules != "default" or previous is None or not previous.table.rows:
        first, previous = window, None
    current = known_of[window]
    if config.baseline.is_past:
        reference = evaluation.past(config, window, first, known_of, timezone)
        missing = "There are no earlier windows for a comparison yet."
    else:
        reference = _reference(config, baseline, slice_, window, first)
        missing = "The baseline has no rows of this slice."
    if reference is None or not current.table.rows:
        note = missing if reference is None else "The window has no rows."
        performance = outcomes.realised(current.outcomes)
        labelled = current.outcomes.labelled
        empty = Result(
            config.rules, current.table.rows, 0, "", performance=performance, labelled=labelled, notes=[note]
        )
        return Judgement([], empty)
    judgement = evaluation.judge(config, reference, current, previous)
    sample = None if collector is None else collector.sample()
    return judgement if sample is None else _with_rows(config, judgement, reference.extra, sample)


def _reference(
    config: Config, baseline: list[KnownBaseline], slice_: str, window: Window, first: Window
) -> Reference | None:
    by_slice = {each.slice: each for each in baseline}
    known = by_slice.get(slice_)
    whole = by_slice[""]
    if known is None:
        column = slice_.partition("=")[0]
        if any(each.partition("=")[0] == column for each in by_slice if each):
            return None
        known = whole  # the baseline lacks the column of the slice
    extra = msgspec.msgpack.decode(known.extra, type=Extra) if known.extra else Extra()
    if extra.weekdays:
        timezone = windows.zone(config.timezone)
        days = windows.weekdays(window, timezone) | windows.weekdays(first, timezone)
        chosen = [sums.decode(data) for day, data in extra.weekdays.items() if day in days]
        if chosen:
            return Reference(sums.merged_tables(chosen), "the same weekdays of the baseline", extra)
    profile = profiles.decode(known.sums)
    return Reference(profile.table, "the baseline", extra, profile.outcomes)


def _read_baseline(config: Config, files: list[str]) -> list[KnownBaseline]:
    found, has_days = rows.of_baseline(config, files)
    if not found["", WHOLE].rows:
        raise Refused("the baseline has no rows")
    made = []
    for slice_ in sorted({each for each, _ in found}):
        collector = found[slice_, WHOLE]
        profile, sample = collector.profile(), collector.sample()
        assert sample is not None
        if config.rules == rules.CHUNKED_RULE:
            profile = _with_chunks(profile, sample)
        days = {}
        if has_days:
            days = {
                day: sums.encode(each.profile().table) for (of, day), each in found.items() if of == slice_ and day >= 0
            }
        calibration = _calibration(config, sample)
        made.append(
            KnownBaseline(
                slice_,
                profiles.encode(profile),
                exchange.to_bytes(
                    Extra(
                        rows=_as_parquet(sample) if _needs_rows(config) else b"",
                        weekdays=days,
                        calibration=calibration,
                        performance=outcomes.realised(
                            profile.outcomes, None if calibration is None else calibration.positive
                        ),
                        importances=_importances(config, sample) if config.attribution else {},
                    )
                ),
            )
        )
    return made


def _with_chunks(profile: Profile, sample: pa.Table) -> Profile:
    own = tables.of_arrow("baseline", sample, profile.table.columns).sums(with_chunks=True)
    columns = {
        name: replace(each, chunks=own.columns[name].chunks if name in own.columns else ())
        for name, each in profile.table.columns.items()
    }
    return replace(profile, table=replace(profile.table, columns=columns))


def _calibration(config: Config, sample: pa.Table) -> Calibration | None:
    wanted = (config.score, config.label, config.prediction)
    if not config.score or any(name not in sample.column_names for name in wanted):
        return None
    kind = sample[config.score].type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        return None
    scores = sample[config.score].cast(pa.float64()).to_numpy(zero_copy_only=False)
    return outcomes.calibrate(scores, sample[config.label].to_pylist(), sample[config.prediction].to_pylist())


def _needs_rows(config: Config) -> bool:
    return config.magnitude or config.rules == rules.MAGNITUDE_RULE


def _with_rows(config: Config, judgement: Judgement, extra: Extra, sample: pa.Table) -> Judgement:
    """Add the results that need rows: the magnitude, and the feature importances."""
    result, scores = judgement.result, list(judgement.scores)
    if _needs_rows(config) and extra.rows:
        found = _magnitude(parquet.read_table(io.BytesIO(extra.rows)), sample, config)
        if found is None:
            note = (
                "No magnitude: it needs 50 rows in the baseline and the window, and a column that a classifier can use."
            )
            result = replace(result, notes=[*result.notes, note])
        else:
            key = _magnitude_key(config)
            result = replace(result, magnitude=found.value, contributions=found.contributions, magnitude_key=key)
            scores += _magnitude_scores(config, found.value)
    if config.attribution:
        return _with_importances(Judgement(scores, result), extra, _importances(config, sample))
    return Judgement(scores, result)


def _magnitude_scores(config: Config, value: float) -> list[Score]:
    if config.rules != rules.MAGNITUDE_RULE:
        return []
    return [_score("magnitude", value, rules.V1_MAGNITUDE, "Matthews correlation")]


def _with_importances(judgement: Judgement, extra: Extra, importances: dict[str, float]) -> Judgement:
    """Add the difference between the ranking of features and the baseline's."""
    ndcg = attribution.ndcg(extra.importances, importances)
    result = replace(judgement.result, attribution_ndcg=ndcg, importances=importances)
    if ndcg is None:
        return Judgement(judgement.scores, result)
    score = _score("attribution", 1 - ndcg, 1 - evaluation.LEAST_NDCG, "1 - NDCG of the importances")
    return Judgement([*judgement.scores, score], result)


def _magnitude_key(config: Config) -> str:
    """Return a key of the options that a magnitude depends on, besides the rows of its window."""
    parts = (config.baseline, config.columns, config.prediction, config.label)
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()


def _score(subject: str, value: float, threshold: float, signal: str) -> Score:
    return Score("", subject, value, threshold, is_over=value > threshold, signal=signal)


def _magnitude(reference: pa.Table, sample: pa.Table, config: Config) -> Magnitude | None:
    names = [name for name in reference.column_names if name in sample.column_names and name != config.label]
    one = tables.of_arrow("baseline", reference, names)
    other = tables.of_arrow("window", sample, names)
    return magnitude({name: (one.columns[name], other.columns[name]) for name in names}, one.rows, other.rows)


def _importances(config: Config, sample: pa.Table) -> dict[str, float]:
    features = [
        name
        for name in rows.names_of(config, sample)
        if not rows.is_prediction(config, name) and name not in (config.score, config.label)
    ]
    return attribution.importances(sample, features, config.prediction)


def _carried(config: Config, judgement: Judgement, extra: Extra, before: str) -> Judgement:
    """Return the result of a window that is judged again from its sums, with earlier results that need rows: the feature
    importances, and the magnitude if its key is the same."""
    known = msgspec.json.decode(before, type=Result) if before else Result(config.rules, 0, 0, "")
    if config.attribution and known.importances:
        judgement = _with_importances(judgement, extra, known.importances)
    result, scores = judgement.result, judgement.scores
    if known.magnitude is not None and known.magnitude_key == _magnitude_key(config):
        result = replace(
            result,
            magnitude=known.magnitude,
            contributions=known.contributions,
            magnitude_key=known.magnitude_key,
        )
        scores = [*scores, *_magnitude_scores(config, known.magnitude)]
    elif _needs_rows(config):
        note = "No magnitude: it needs the rows of the window. Back-fill the window to compute it."
        result = replace(result, notes=[*result.notes, note])
    return Judgement(scores, result)


def _as_parquet(table: pa.Table) -> bytes:
    target = io.BytesIO()
    parquet.write_table(table, target, compression="zstd")
    return target.getvalue()


def _answer(slice_: str, window: Window, profile: Profile, judgement: Judgement) -> Judged:
    return Judged(
        slice=slice_,
        start=window.start,
        end=window.end,
        rows=profile.table.rows,
        sums=profiles.encode(profile),
        scores=judgement.scores,
        result=msgspec.json.encode(judgement.result),
    )


def _note(answers: list[Judged]) -> str:
    """Return the warnings of the newest window of all rows."""
    newest = [each for each in answers if not each.slice and each.rows]
    if not newest:
        return ""
    notes: list[str] = msgspec.json.decode(newest[-1].result).get("notes", [])
    return notes[0] if notes else ""


def main(words: list[str]) -> int:
    folder = Path(words[0])
    order = msgspec.msgpack.decode((folder / exchange.ORDER).read_bytes(), type=Order)
    try:
        answer = work(order)
    except (Refused, tables.Unreadable) as fault:
        _say(error=str(fault))
        return 1
    unfinished = folder / f"{exchange.RESULT}.part"
    unfinished.write_bytes(msgspec.msgpack.encode(answer))
    disk.settle(unfinished, folder / exchange.RESULT)
    return 0


def _say(**report: Any) -> None:
    sys.stdout.write(f"{MARK}{msgspec.json.encode(report).decode()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
