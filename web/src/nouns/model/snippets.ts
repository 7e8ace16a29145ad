/** Code to paste, for a version of a model.  Every name in it is escaped: names are clients' words. */

import type { Column, MlModel } from "./mlmodel";

export interface Subject {
  trackingUri: string;
  name: string;
  version: string;
  /** Preferred to the number: code that names an alias keeps working when the alias moves. */
  alias?: string | undefined;
  model?: MlModel | undefined;
  /** The body of the request that was saved with the model: its values are examples that the model accepts. */
  saved?: unknown;
}

/** `models:/name/7` or `models:/name@champion`. */
export function modelUri({ name, version, alias }: Subject): string {
  return alias ? `models:/${name}@${alias}` : `models:/${name}/${version}`;
}

export function loadSnippet(subject: Subject): string {
  return [
    "import mlflow",
    "",
    `mlflow.set_tracking_uri(${python(subject.trackingUri)})`,
    `model = mlflow.pyfunc.load_model(${python(modelUri(subject))})`,
    "print(model.metadata.signature)",
  ].join("\n");
}

/** Undefined if the model does not describe its input. */
export function scoreSnippet(subject: Subject): string | undefined {
  const input = inputOf(subject);
  if (!input) return undefined;
  return [
    "import mlflow",
    ...input.imports,
    "",
    `mlflow.set_tracking_uri(${python(subject.trackingUri)})`,
    `model = mlflow.pyfunc.load_model(${python(modelUri(subject))})`,
    ...input.lines,
    "print(model.predict(data))",
  ].join("\n");
}

/** Batch scoring on Spark.  `spark` is the session that a notebook has. */
export function sparkSnippet(subject: Subject): string | undefined {
  const columns = subject.model?.signature?.inputs ?? [];
  if (columns.length === 0 || columns.some((column) => !column.name)) return undefined;
  return [
    "import mlflow",
    "",
    `mlflow.set_tracking_uri(${python(subject.trackingUri)})`,
    `predict = mlflow.pyfunc.spark_udf(spark, ${python(modelUri(subject))}, env_manager="local")`,
    `columns = [${columns.map((column) => python(column.name)).join(", ")}]`,
    'scored = table.withColumn("prediction", predict(*columns))  # table: a Spark DataFrame with these columns',
  ].join("\n");
}

/** Code that logs a small model and registers it: it works as it is pasted, with scikit-learn installed. */
export function registerCode(trackingUri: string): string {
  return newVersionCode(trackingUri, "my-first-model");
}

/** Code that adds a version to a model. */
export function newVersionCode(trackingUri: string, name: string): string {
  return `${fitCode(trackingUri)}
with mlflow.start_run():
    mlflow.sklearn.log_model(model, name="model", input_example=data, registered_model_name=${python(name)})`;
}

/** Code that logs a small model to an experiment, with a param and a metric. */
export function logModelCode(trackingUri: string, experiment: string): string {
  return `${fitCode(trackingUri)}
mlflow.set_experiment(${python(experiment)})
with mlflow.start_run():
    info = mlflow.sklearn.log_model(model, name="model", input_example=data, params={"degree": 1})
    mlflow.log_metric("r2", model.score(data, [0.0, 2.0]), model_id=info.model_id)`;
}

function fitCode(trackingUri: string): string {
  return `import mlflow
import pandas as pd
from sklearn.linear_model import LinearRegression

mlflow.set_tracking_uri(${python(trackingUri)})
data = pd.DataFrame({"x": [0.0, 1.0]})
model = LinearRegression().fit(data, [0.0, 2.0])
`;
}

/** A string literal of Python. */
export function python(text: string): string {
  const json = JSON.stringify(text);
  // JSON leaves DEL and the separators of lines as they are; a terminal or an editor may not.
  return json.replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escape);
}

function inputOf({ model, saved }: Subject): { imports: string[]; lines: string[] } | undefined {
  const columns = model?.signature?.inputs ?? [];
  if (columns.length === 0) return undefined;
  const [first] = columns;
  const tensor = first && /^tensor<(?<dtype>\w+)>\[(?<shape>[\d, -]*)\]$/.exec(first.type)?.groups;
  if (tensor && columns.length === 1) {
    const shape = (tensor["shape"] ?? "").split(",").map((size) => (Number(size) > 0 ? size.trim() : "1"));
    const zeros = `np.zeros((${shape.join(", ")},), dtype=${python(tensor["dtype"] ?? "")})`;
    return {
      imports: ["import numpy as np"],
      lines: [`data = ${first.name ? `{${python(first.name)}: ${zeros}}` : zeros}`],
    };
  }
  const row = firstRow(saved);
  const values = columns.map((column) => savedValue(column, row.get(column.name)) ?? exampleOf(column));
  if (values.some((value) => value === undefined)) return undefined;
  if (columns.every((column) => column.name)) {
    const cells = columns.map((column, at) => `    ${python(column.name)}: [${values[at]}],`);
    return { imports: ["import pandas as pd"], lines: ["data = pd.DataFrame({", ...cells, "})", ...casts(columns)] };
  }
  if (columns.length > 1) return undefined;
  return { imports: ["import pandas as pd"], lines: [`data = pd.DataFrame([[${values[0]}]])`] };
}

/** The first row of a saved request by its columns; empty for a request of another form. */
function firstRow(saved: unknown): ReadonlyMap<unknown, unknown> {
  const split = isObject(saved) ? saved["dataframe_split"] : undefined;
  if (!isObject(split)) return new Map();
  const { columns, data } = split;
  const row: unknown = Array.isArray(data) ? data[0] : undefined;
  if (!Array.isArray(columns) || !Array.isArray(row)) return new Map();
  return new Map(columns.map((column: unknown, at): [unknown, unknown] => [column, row[at]]));
}

/** A literal of Python; undefined unless the value is one of the column's type. */
function savedValue({ type }: Column, value: unknown): string | undefined {
  if (type === "string") return typeof value === "string" ? python(value) : undefined;
  if (type === "boolean") return typeof value === "boolean" ? (value ? "True" : "False") : undefined;
  if (typeof value !== "number") return undefined;
  if (type === "double" || type === "float") return Number.isSafeInteger(value) ? `${value}.0` : String(value);
  return (type === "long" || type === "integer") && Number.isSafeInteger(value) ? String(value) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Pandas makes 64-bit numbers of literals; a model that wants 32 bits refuses them. */
function casts(columns: readonly Column[]): string[] {
  const wanted = columns.flatMap((column) => {
    const dtype = { integer: "int32", float: "float32" }[column.type];
    return dtype ? [`${python(column.name)}: "${dtype}"`] : [];
  });
  return wanted.length ? [`data = data.astype({${wanted.join(", ")}})`] : [];
}

function exampleOf(column: Column): string | undefined {
  const simple: Record<string, string> = {
    double: "0.0",
    float: "0.0",
    long: "0",
    integer: "0",
    boolean: "False",
    string: '"text"',
    datetime: 'pd.Timestamp("2026-01-31")',
    binary: 'b"bytes"',
  };
  if (Object.hasOwn(simple, column.type)) return simple[column.type];
  const items = /^array<(\w+)>$/.exec(column.type)?.[1];
  return items && Object.hasOwn(simple, items) ? `[${simple[items]}]` : undefined;
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
