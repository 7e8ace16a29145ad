"""Score a table with Spark, as in a Databricks notebook, with the stock client and a model of any MLflow server.

python examples/spark_scoring.py http://127.0.0.1:5000 models:/iris-classifier@champion scored
python examples/spark_scoring.py ... --master spark://127.0.0.1:7077
python examples/spark_scoring.py ... --remote sc://127.0.0.1:15002

This machine and the machines of the cluster need `pip install "pyspark[connect]" mlflow scikit-learn` and Java 17 or newer.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import mlflow
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, FloatType
from sklearn.datasets import load_iris

COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]


def session(master: str, remote: str) -> SparkSession:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # tasks run in the Python of this script
    builder = SparkSession.builder.appName("spark_scoring")
    if remote:
        return builder.remote(remote).getOrCreate()
    return builder.master(master).config("spark.ui.showConsoleProgress", "false").getOrCreate()


def add_flowers(folder: Path, name: str) -> None:
    """Write a file of 150 flowers, as if new data had arrived."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{name}.parquet"  # Spark ignores files whose names begin with a dot
    load_iris(as_frame=True).frame.drop(columns="target").to_parquet(draft, index=False)
    draft.replace(folder / f"{name}.parquet")


def score_batch(spark: SparkSession, model_uri: str, incoming: Path, output: Path) -> DataFrame:
    """Score a table that satisfies a condition."""
    pyfunc_udf = mlflow.pyfunc.spark_udf(spark, model_uri, env_manager="local")
    as_array = mlflow.pyfunc.spark_udf(
        spark, model_uri, result_type=ArrayType(FloatType()), env_manager="local"
    )  # for models that return several numbers for each row

    spark.read.parquet(str(incoming)).createOrReplaceTempView("flowers")
    score_df = spark.table("flowers").where("`petal width (cm)` > 1.0")
    preds = score_df.withColumn("flower", pyfunc_udf(*COLUMNS)).withColumn("flowers", as_array(*COLUMNS))
    preds.write.mode("overwrite").parquet(str(output))
    return spark.read.parquet(str(output))


def score_stream(spark: SparkSession, model_uri: str, incoming: Path, output: Path, checkpoint: Path) -> DataFrame:
    """Score the files that arrived since the last call; the checkpoint records which are done."""
    pyfunc_udf = mlflow.pyfunc.spark_udf(spark, model_uri, env_manager="local")
    files = spark.readStream.schema(spark.read.parquet(str(incoming)).schema).parquet(str(incoming))
    query = (
        files.withColumn("flower", pyfunc_udf(*COLUMNS))
        .writeStream.format("parquet")
        .option("path", str(output))
        .option("checkpointLocation", str(checkpoint))
        .trigger(availableNow=True)  # process the available files, then end
        .start()
    )
    query.awaitTermination()
    return spark.read.parquet(str(output))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tracking_uri")
    parser.add_argument("model_uri", help="such as models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN/PATH")
    parser.add_argument(
        "folder", type=Path, help="the folder for tables, which all machines of the cluster must be able to read"
    )
    parser.add_argument("--master", default="local[2]", help="local[N], or spark://HOST:PORT of a cluster")
    parser.add_argument("--remote", default="", help="sc://HOST:PORT of a Spark Connect server")
    words = parser.parse_args()
    mlflow.set_tracking_uri(words.tracking_uri)
    folder = words.folder.resolve()
    incoming = folder / "incoming"
    add_flowers(incoming, f"{len(list(incoming.glob('*.parquet'))):04d}")

    spark = session(words.master, words.remote)
    preds = score_batch(spark, words.model_uri, incoming, folder / "batch")
    preds.show(5)
    streamed = score_stream(spark, words.model_uri, incoming, folder / "stream", folder / "checkpoint")
    found: dict[str, Any] = {
        "files": len(list(incoming.glob("*.parquet"))),
        "batch": {str(row["flower"]): row["count"] for row in preds.groupBy("flower").count().collect()},
        "first_array": list(preds.first()["flowers"]),
        "streamed": streamed.count(),
    }
    spark.stop()
    print(json.dumps(found, sort_keys=True))


if __name__ == "__main__":
    main()
