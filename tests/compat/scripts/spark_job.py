"""A Spark job that names no server: driver and tasks log to wherever the environment says; prints what was seen, as JSON.

Its session has a registry of its own, as one of Databricks has."""

import json
from collections.abc import Iterable, Iterator

import mlflow
import pyspark
from mlflow import MlflowClient
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.mlflow.modelRegistryUri", "databricks-uc")
    .getOrCreate()
)
with mlflow.start_run() as run:
    run_id = run.info.run_id
    mlflow.log_metric("total", spark.range(1000).selectExpr("sum(id) AS total").first().total)

    def count(rows: Iterable[int]) -> Iterator[int]:
        found = sum(1 for _ in rows)
        MlflowClient().log_metric(run_id, "rows", found, step=pyspark.TaskContext.get().partitionId())
        yield found

    spark.sparkContext.parallelize(range(100), 4).mapPartitions(count).collect()
registry = mlflow.get_registry_uri()
spark.stop()
client = MlflowClient()
found = client.get_run(run_id)
steps = sorted(metric.step for metric in client.get_metric_history(run_id, "rows"))
version = found.data.tags.get("trackside.spark.version")
seen = {"total": found.data.metrics["total"], "steps": steps, "version": version, "registry": registry}
print(json.dumps(seen))
