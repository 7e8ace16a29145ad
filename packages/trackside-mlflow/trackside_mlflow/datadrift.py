"""`azureml.datadrift.DataDriftDetector` on Trackside: a drift monitor under the names of Azure's first dataset monitors."""

from __future__ import annotations

import builtins
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Sequence

from trackside_mlflow.errors import ConfigError
from trackside_mlflow.monitors import Monitor

if TYPE_CHECKING:
    from trackside_mlflow.jobs import Job
    from trackside_mlflow.workspace import Workspace

FREQUENCIES = {"Day": "day", "Week": "week", "Month": "month"}
DEFAULT_THRESHOLD = 0.2


class AlertConfiguration:
    """E-mail addresses for alerts.  They stay in this object: the server sends alerts by webhooks."""

    def __init__(self, email_addresses: Sequence[str]) -> None:
        self.email_addresses = list(email_addresses)


class DataDriftDetector:
    """A monitor with the rule set `azure-v1`: a classifier distinguishes window and baseline, and the drift coefficient is its
    Matthews correlation, 0 to 1.

    A baseline or target dataset is a location that the server reads, or a dictionary as for `Workspace.monitors.create`; the
    target also names its timestamp column: `("runs:/RUN/requests.parquet", "time")`, or {"endpoint": "iris"}."""

    def __init__(self, workspace: Workspace, monitor: Monitor) -> None:
        self.workspace = workspace
        self._monitor = monitor

    @staticmethod
    def create_from_datasets(
        workspace: Workspace,
        name: str,
        baseline_dataset: Any,
        target_dataset: Any,
        compute_target: Any = None,
        frequency: str | None = "Day",
        feature_list: Sequence[str] | None = None,
        alert_config: AlertConfiguration | None = None,
        drift_threshold: float | None = None,
        latency: int | None = None,
    ) -> DataDriftDetector:
        """Create a monitor.  `latency` is in hours.  `compute_target` is ignored: the server computes.

        The threshold of the rule set is 0.2; raise `ConfigError` for another `drift_threshold`.
        """
        del compute_target, alert_config
        if frequency not in (None, *FREQUENCIES):
            raise ConfigError(f"frequency is {frequency!r}; it must be one of {', '.join(FREQUENCIES)}")
        if drift_threshold not in (None, DEFAULT_THRESHOLD):
            raise ConfigError(
                f"drift_threshold is {drift_threshold!r}; the rule set azure-v1 has the threshold {DEFAULT_THRESHOLD}. "
                "Omit it, and compare `drift_coefficient` with your threshold."
            )
        more: dict[str, Any] = {"rules": "azure-v1", "window": FREQUENCIES[frequency or "Day"]}
        if feature_list:
            more["columns"] = list(feature_list)
        if latency is not None:
            more["latency_s"] = latency * 3600
        target, baseline = _target(target_dataset), _baseline(baseline_dataset)
        monitor = workspace.monitors.create(name, target, baseline, is_scheduled=False, **more)
        return DataDriftDetector(workspace, monitor)

    @staticmethod
    def get_by_name(workspace: Workspace, name: str) -> DataDriftDetector:
        return DataDriftDetector(workspace, workspace.monitors.get(name))

    @staticmethod
    def list(workspace: Workspace) -> list[DataDriftDetector]:
        return [DataDriftDetector(workspace, each) for each in workspace.monitors]

    def run(self, target_date: datetime, *_: Any, **__: Any) -> Job:
        """Compute the window that has `target_date`."""
        return self._monitor.run(start=target_date, end=_after(target_date))

    def backfill(self, start_date: datetime, end_date: datetime, *_: Any, **__: Any) -> Job:
        """Compute the windows of a range of times."""
        return self._monitor.run(start=start_date, end=end_date)

    def enable_schedule(self, *_: Any, **__: Any) -> None:
        self._monitor.update(is_scheduled=True)

    def disable_schedule(self, *_: Any, **__: Any) -> None:
        self._monitor.update(is_scheduled=False)

    def update(self, *, feature_list: Sequence[str] | None = None, latency: int | None = None) -> DataDriftDetector:
        fields: dict[str, Any] = {}
        if feature_list is not None:
            fields["columns"] = [*feature_list]
        if latency is not None:
            fields["latency_s"] = latency * 3600
        self._monitor.update(**fields)
        return self

    def get_output(
        self, start_time: datetime | None = None, end_time: datetime | None = None, run_id: str | None = None
    ) -> tuple[builtins.list[dict[str, Any]], builtins.list[dict[str, Any]]]:
        """Return results and metrics: for each window its drift coefficient, contributions and drift metrics by column."""
        del run_id
        results, metrics = [], []
        for window in self._monitor.windows(since=start_time, until=end_time, limit=1000):
            found = self._monitor.result(window["start"])
            times = {"start_date": _time(window["start"]), "end_date": _time(window["end"])}
            results.append(
                {
                    **times,
                    "drift_coefficient": found.get("magnitude"),
                    "has_drift": bool(window.get("drifted")),
                    "drift_contribution": found.get("contributions", {}),
                }
            )
            columns = {each["found"]["name"]: each["found"].get("signals", []) for each in found.get("columns", [])}
            metrics.append({**times, "column_metrics": columns})
        return results, metrics

    def delete(self, *_: Any, **__: Any) -> None:
        self._monitor.delete()

    @property
    def name(self) -> str:
        return self._monitor.name

    @property
    def state(self) -> str:
        return "Enabled" if self._monitor.is_scheduled else "Disabled"

    @property
    def enabled(self) -> bool:
        return self._monitor.is_scheduled

    @property
    def frequency(self) -> str:
        return str(self._monitor.record["window"]).capitalize()

    @property
    def feature_list(self) -> Any:
        return [*self._monitor.record.get("columns", [])]

    @property
    def drift_threshold(self) -> float:
        return DEFAULT_THRESHOLD

    @property
    def latency(self) -> int:
        """Return the latency in hours."""
        return int(self._monitor.record["latency_s"]) // 3600

    def __repr__(self) -> str:
        return f"DataDriftDetector(name={self.name!r})"


def _target(given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return dict(given)
    if isinstance(given, tuple) and len(given) == 2:
        return {"table": given[0], "timestamp": given[1]}
    raise ConfigError(
        f"target_dataset is {given!r}; it must be (LOCATION, TIMESTAMP COLUMN), or a dictionary such as {{'endpoint': NAME}}"
    )


def _baseline(given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return dict(given)
    if isinstance(given, str):
        return {"table": given}
    raise ConfigError(f"baseline_dataset is {given!r}; it must be a location such as runs:/RUN/PATH, or a dictionary")


def _after(moment: datetime) -> datetime:
    return moment.replace(microsecond=min(999_999, moment.microsecond + 1000))


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, timezone.utc)
