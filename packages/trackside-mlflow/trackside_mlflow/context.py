"""Tags of a run's origin that mlflow does not set: the Spark application, the batch job or the runtime."""

from __future__ import annotations

import sys
from typing import Any

from trackside_mlflow import settings

VARIABLES = {
    "trackside.databricks.runtime": "DATABRICKS_RUNTIME_VERSION",
    "trackside.slurm.job": "SLURM_JOB_ID",
    "trackside.slurm.task": "SLURM_PROCID",
}


class ClusterContext:
    """mlflow's `run_context_provider`: on a cluster it adds `trackside.*` tags, elsewhere nothing."""

    def in_context(self) -> bool:
        return bool(self.tags())

    def tags(self) -> dict[str, str]:
        variables = {tag: settings.cluster_variable(name) for tag, name in VARIABLES.items()}
        return {**{tag: value for tag, value in variables.items() if value}, **_spark()}


def _spark() -> dict[str, str]:
    """Return the Spark application of this process, if it has one; never imports or starts Spark."""
    pyspark: Any = sys.modules.get("pyspark")
    context: Any | None = getattr(getattr(pyspark, "SparkContext", None), "_active_spark_context", None)
    if context is None:
        return {}
    return {
        "trackside.spark.application": str(context.applicationId),
        "trackside.spark.master": str(context.master),
        "trackside.spark.version": str(context.version),
    }
