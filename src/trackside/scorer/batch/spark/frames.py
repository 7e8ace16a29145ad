"""Read the input as a DataFrame of Spark, with a number for each row, and add the predictions to it."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from trackside.scorer import model as models
from trackside.scorer.batch import inputs, parts, rows
from trackside.scorer.batch.order import Order, OrderError
from trackside.scorer.batch.spark import function, session
from trackside.scorer.batch.spark.batches import FILE, REASON, VALUES

CORRUPT = "_trackside_corrupt"
SCORED = "_trackside_scored"
SAMPLE_ROWS = 200
_SPECIAL = set("*?[]{}\\")


class Plan(NamedTuple):
    """The plan of a scoring: the function of the tasks, the model's columns and the columns of the output."""

    predict: Any
    needed: list[str]
    kept: list[str]
    predictions: list[str]


def read(spark: Any, order: Order) -> Any:
    """Return the input.  Raise Wrong for one that Spark cannot read."""
    try:
        if order.input_format == "table":
            return spark.table(order.inputs[0])
        if order.input_format == "sql":
            return spark.sql(order.inputs[0])
        alike = [_loaded(spark, replace(order, inputs=paths)) for paths in _by_header(order)]
        return reduce(lambda frame, other: frame.unionByName(other), alike)
    except Exception as fault:  # noqa: BLE001  # of py4j or gRPC
        raise OrderError(f"Spark cannot read the input: {session.first_line(fault)}") from None


def _by_header(order: Order) -> list[list[str]]:
    """Return the files, in groups with the same order of the columns: Spark reads the columns of CSV by their position."""
    if order.input_format != "csv":
        return [order.inputs]
    found: dict[tuple[str, ...], list[str]] = {}
    for path in order.inputs:
        found.setdefault(tuple(inputs.columns_of(replace(order, inputs=[path]))), []).append(path)
    return list(found.values())


def _loaded(spark: Any, order: Order) -> Any:
    return _reader(spark.read, order).load([_pattern(path) for path in order.inputs])


def read_stream(spark: Any, order: Order, schema: Any) -> Any:
    """Return the folder of the input as a stream."""
    return _reader(spark.readStream, order).schema(schema).load(_pattern(order.folder))


def numbered(frame: Any, order: Order) -> Any:
    """Add a number to each row: for Parquet the number that every engine uses, otherwise one that is unique in the output."""
    import pyarrow.parquet as pq
    from pyspark.sql import functions

    if order.input_format != "parquet":
        return frame.withColumn(parts.ROW, functions.monotonically_increasing_id())
    index = functions.col("_metadata.row_index")
    if len(order.inputs) > 1:
        offsets: dict[str, int] = {}
        count = 0
        for path in order.inputs:
            offsets[Path(path).name] = count
            count += pq.read_metadata(path).num_rows
        known = [name.rpartition("/")[2] for name in frame.inputFiles()]
        pairs = [functions.lit(value) for name in known for value in (name, offsets[unquote(name)])]
        index = index + functions.element_at(functions.create_map(*pairs), functions.col("_metadata.file_name"))
    return frame.select("*", index.cast("long").alias(parts.ROW))


def numbered_stream(frame: Any, order: Order) -> Any:
    """Add the file of each row and a number: for Parquet its position in the file, otherwise one that is unique in the batch."""
    from pyspark.sql import functions

    index = functions.col("_metadata.row_index") if order.input_format == "parquet" else functions.lit(None)
    return frame.select("*", functions.col("_metadata.file_name").alias(FILE), index.cast("long").alias(parts.ROW))


def plan(spark: Any, frame: Any, order: Order) -> Plan:
    """Look at the model and at some rows of the input.  Raise Wrong where they do not fit together."""
    from pyspark import cloudpickle
    from pyspark.sql import functions
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StringType, StructField, StructType

    model = models.load(order.model)
    there = [name for name in frame.columns if name not in (CORRUPT, parts.ROW, FILE)]
    unknown = [name for name in order.columns or [] if name not in there]
    if unknown:
        raise OrderError(
            f"--columns names {', '.join(map(repr, unknown))}, which the input lacks; it has {', '.join(there)}"
        )
    needed = rows.check_columns(model, there)
    kept = there if order.columns is None else order.columns
    schema = _sampled(model, frame, order, needed)
    both = [name for name in [*schema.names, *parts.ADDED] if name in kept]
    if both:
        raise OrderError(
            f"the input has a column {both[0]!r}, which the output needs for itself; choose others by --columns"
        )
    fields = [StructField(each.name, each.dataType, True) for each in from_arrow_schema(schema).fields]
    returned = StructType([*fields, StructField(function.REASON, StringType(), True)])
    names = [field.name for field in returned.fields]
    cloudpickle.register_pickle_by_value(function)
    archive = session.send_model(spark, order)
    score = function.make(archive, order.job_id, names, order.max_failed_rows)
    udf = functions.pandas_udf(score, returnType=returned, functionType=functions.PandasUDFType.SCALAR_ITER)
    # Spark evaluates a deterministic function again for each column that is selected from its result.
    return Plan(udf.asNondeterministic(), needed, kept, names[:-1])


def scored(frame: Any, made: Plan, order: Order) -> Any:
    """Return the input with the column `SCORED`: the predictions and the reason of a row that failed."""
    from pyspark.sql import functions

    if order.where:
        try:
            frame = frame.where(order.where)
            _ = frame.columns  # Spark Connect looks at the condition only now
        except Exception as fault:  # noqa: BLE001  # of py4j or gRPC
            raise OrderError(
                f"--where is {order.where!r}, which Spark cannot evaluate on the input: {session.first_line(fault)}"
            ) from None
    return frame.withColumn(SCORED, made.predict(functions.struct(*map(_column, made.needed))))


def flat(frame: Any, made: Plan, order: Order) -> Any:
    """Return the columns of the output, and at last the reason and the values (as JSON) of a row that failed."""
    from pyspark.sql import functions

    reason = functions.col(SCORED).getField(function.REASON)
    values = functions.to_json(functions.struct(*map(_column, made.needed)), {"ignoreNullFields": "false"})
    if CORRUPT in frame.columns:
        corrupt = functions.col(CORRUPT)
        reason = functions.when(corrupt.isNotNull(), functions.lit("the line cannot be read")).otherwise(reason)
        values = functions.when(corrupt.isNotNull(), corrupt).otherwise(values)
    return frame.select(
        *map(_column, made.kept),
        *(functions.col(SCORED).getField(name).alias(name) for name in made.predictions),
        functions.lit(order.model_uri).alias(parts.MODEL),
        functions.lit(order.job_id).alias(parts.JOB),
        *(functions.col(name) for name in (FILE, parts.ROW) if name in frame.columns),
        reason.alias(REASON),
        values.alias(VALUES),
    )


def good(flattened: Any) -> Any:
    """Return the output: the rows that have a prediction."""
    from pyspark.sql import functions

    return flattened.where(functions.col(REASON).isNull()).drop(REASON, VALUES)


def bad(flattened: Any) -> Any:
    """Return number, reason and values of the rows that failed."""
    from pyspark.sql import functions

    named = (
        functions.col(parts.ROW).alias("row"),
        functions.col(REASON).alias("reason"),
        functions.col(VALUES).alias("values"),
    )
    return flattened.where(functions.col(REASON).isNotNull()).select(*named)


def is_bad(frame: Any) -> Any:
    from pyspark.sql import functions

    failed = functions.col(SCORED).getField(function.REASON).isNotNull()
    return failed | functions.col(CORRUPT).isNotNull() if CORRUPT in frame.columns else failed


def _sampled(model: models.Model, frame: Any, order: Order, needed: list[str]) -> Any:
    """Return the Arrow schema of the predictions, from the first rows that can be scored."""
    import pyarrow as pa

    failures: list[rows.Failure] = []
    seen = 0
    for piece in _samples(frame, order, needed):
        seen += len(piece)
        found = rows.score(model, piece, len(piece))
        failures += found.failures
        if found.predictions is not None:
            return pa.Schema.from_pandas(found.predictions, preserve_index=False).remove_metadata()
        if len(failures) > order.max_failed_rows:
            break
    if not seen:
        raise OrderError("the input is empty: it has no rows")
    raise OrderError(f"none of the first {seen} rows can be scored. One of them: {failures[0].reason}")


def _samples(frame: Any, order: Order, needed: list[str]) -> Any:
    """Yield rows of the model's columns, some at a time, without Spark where a file can be read here."""
    if order.input_format in ("table", "sql"):
        yield frame.select(*map(_column, needed)).limit(SAMPLE_ROWS).toPandas()
        return
    for unit in inputs.units(order):
        for piece in inputs.pieces(unit, order, needed):
            for start in range(0, len(piece.frame), SAMPLE_ROWS):
                yield piece.frame.iloc[start : start + SAMPLE_ROWS].reset_index(drop=True)


def _reader(reader: Any, order: Order) -> Any:
    if order.input_format == "parquet":
        return reader.format("parquet")
    reader = reader.option("columnNameOfCorruptRecord", CORRUPT).option("mode", "PERMISSIVE")
    if order.input_format == "jsonl":
        return reader.format("json")
    names = inputs.columns_of(order)
    quoted = [f"`{name.replace('`', '``')}` STRING" for name in [*names, CORRUPT]]
    options = {"header": "true", "multiLine": "true", "quote": '"', "escape": '"', "encoding": "UTF-8"}
    options["enforceSchema"] = "false"  # a stream fails for a file whose columns are in another order
    return reader.format("csv").options(**options).schema(", ".join(quoted))


def _column(name: str) -> Any:
    from pyspark.sql import functions

    return functions.col(f"`{name.replace('`', '``')}`")


def uri(path: str) -> str:
    """Return the place of a file as Hadoop reads it: nothing in it is percent-encoded."""
    return f"file://{path}"


def _pattern(path: str) -> str:
    """Return the escaped path of a file for reading, because some characters are wildcards."""
    return uri("".join(f"\\{each}" if each in _SPECIAL else each for each in path))
