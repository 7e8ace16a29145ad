/** The file `MLmodel` of a model: its flavours, its signature, its example. */

export interface Column {
  name: string;
  type: string;
  isRequired: boolean;
}

export interface Signature {
  inputs: Column[];
  outputs: Column[];
  params: Column[];
}

export interface MlModel {
  flavors: string[];
  signature: Signature | undefined;
  mlflowVersion: string;
  pythonVersion: string;
  sizeBytes: number | undefined;
  /** The file of an input example, in the model's folder. */
  example: string;
  /** The file of a request with that example. */
  request: string;
}

type Json = Record<string, unknown>;

/** Raises an error for text that is no YAML, or holds no mapping. */
export async function parseMlModel(text: string): Promise<MlModel> {
  const { load } = await import("js-yaml");
  const given: unknown = load(text);
  if (!isObject(given)) throw new Error("MLmodel holds no mapping");
  const flavors = isObject(given["flavors"]) ? given["flavors"] : {};
  const pyfunc = isObject(flavors["python_function"]) ? flavors["python_function"] : {};
  const example = isObject(given["saved_input_example_info"]) ? given["saved_input_example_info"] : {};
  return {
    flavors: Object.keys(flavors),
    signature: isObject(given["signature"]) ? signatureOf(given["signature"]) : undefined,
    mlflowVersion: text_(given["mlflow_version"]),
    pythonVersion: text_(pyfunc["python_version"]),
    sizeBytes: typeof given["model_size_bytes"] === "number" ? given["model_size_bytes"] : undefined,
    example: text_(example["artifact_path"]),
    request: text_(example["serving_input_path"]),
  };
}

/** Its parts are JSON in strings, as MLflow writes them; a part that is none is empty. */
export function signatureOf(given: Json): Signature {
  return {
    inputs: columnsOf(given["inputs"]),
    outputs: columnsOf(given["outputs"]),
    params: columnsOf(given["params"]),
  };
}

function columnsOf(given: unknown): Column[] {
  const parsed = typeof given === "string" ? json(given) : given;
  return Array.isArray(parsed) ? parsed.filter(isObject).map(columnOf) : [];
}

function columnOf(given: Json): Column {
  const isOptional = given["required"] === false || given["optional"] === true || given["default"] !== undefined;
  return { name: text_(given["name"]), type: typeOf(given), isRequired: !isOptional };
}

/** A type in short words: `double`, `array<string>`, `{a: long, b?: string}`, `tensor<float32>[-1, 28, 28]`. */
export function typeOf(given: unknown): string {
  if (typeof given === "string") return given;
  if (!isObject(given)) return "";
  const tensor = given["tensor-spec"];
  if (given["type"] === "tensor" && isObject(tensor)) {
    const shape = Array.isArray(tensor["shape"]) ? tensor["shape"].map(text_).join(", ") : "";
    return `tensor<${text_(tensor["dtype"])}>[${shape}]`;
  }
  if (given["type"] === "array") return `array<${typeOf(given["items"])}>`;
  if (given["type"] === "map") return `map<string, ${typeOf(given["values"])}>`;
  if (given["type"] === "object" && isObject(given["properties"])) {
    const fields = Object.entries(given["properties"]).map(
      ([name, field]) => `${name}${isObject(field) && field["required"] === false ? "?" : ""}: ${typeOf(field)}`,
    );
    return `{${fields.join(", ")}}`;
  }
  return text_(given["type"]);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function text_(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
