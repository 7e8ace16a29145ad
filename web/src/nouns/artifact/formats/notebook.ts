/** A Jupyter notebook as cells to show.  Each output has the richest form that can be shown safely. */

export type Output =
  | { kind: "text"; text: string; isError: boolean }
  | { kind: "image"; source: string }
  | { kind: "markdown"; text: string }
  /** Must be cleaned before it is shown. */
  | { kind: "html"; html: string };

export type Cell =
  | { kind: "markdown"; text: string }
  | { kind: "raw"; text: string }
  | { kind: "code"; count: string; source: string; outputs: Output[] };

export interface Notebook {
  language: string;
  cells: Cell[];
}

export const MAX_CELLS = 500;
export const MAX_OUTPUT_CHARS = 100_000;
const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
// Colours and cursor moves of a terminal: ESC [ … letter.
const ANSI = new RegExp(String.fromCharCode(27) + "\\[[0-9;?]*[A-Za-z]", "g");

type Json = Record<string, unknown>;

/** Raises an error for text that is not a notebook of format 3 or newer. */
export function parseNotebook(text: string): Notebook {
  const given: unknown = JSON.parse(text);
  if (!isObject(given)) throw new Error("The file is no notebook: it is not a JSON object");
  const cells = Array.isArray(given["cells"]) ? given["cells"] : cellsOfFormat3(given);
  if (!cells) throw new Error("The file is no notebook: it has no cells");
  const about = isObject(given["metadata"]) ? given["metadata"] : {};
  const language = isObject(about["language_info"]) ? textOf(about["language_info"]["name"]) : "";
  return { language: language || "python", cells: cells.slice(0, MAX_CELLS).filter(isObject).map(cellOf) };
}

function cellsOfFormat3(given: Json): unknown[] | undefined {
  if (!Array.isArray(given["worksheets"])) return undefined;
  return given["worksheets"].filter(isObject).flatMap((sheet) => (Array.isArray(sheet["cells"]) ? sheet["cells"] : []));
}

function cellOf(cell: Json): Cell {
  const source = textOf(cell["source"] ?? cell["input"]);
  if (cell["cell_type"] === "markdown") return { kind: "markdown", text: source };
  if (cell["cell_type"] !== "code") return { kind: "raw", text: source };
  const outputs = Array.isArray(cell["outputs"]) ? cell["outputs"].filter(isObject).flatMap(outputOf) : [];
  const count = cell["execution_count"] ?? cell["prompt_number"];
  return { kind: "code", count: typeof count === "number" ? String(count) : "", source, outputs };
}

function outputOf(output: Json): Output[] {
  if (output["output_type"] === "stream") {
    return text(textOf(output["text"]), output["name"] === "stderr" || output["stream"] === "stderr");
  }
  if (output["output_type"] === "error" || output["output_type"] === "pyerr") {
    return text(textOf(output["traceback"], "\n") || `${textOf(output["ename"])}: ${textOf(output["evalue"])}`, true);
  }
  const data = isObject(output["data"]) ? output["data"] : format3Data(output);
  const image = IMAGES.find((type) => /^[A-Za-z\d+/=\s]+$/.test(textOf(data[type])));
  if (image) return [{ kind: "image", source: `data:${image};base64,${textOf(data[image]).replace(/\s/g, "")}` }];
  const svg = textOf(data["image/svg+xml"]);
  // In an <img>, SVG runs no script and loads nothing.
  if (svg) return [{ kind: "image", source: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}` }];
  const html = textOf(data["text/html"]);
  if (html) return [{ kind: "html", html }];
  const markdown = textOf(data["text/markdown"]);
  if (markdown) return [{ kind: "markdown", text: markdown }];
  return text(textOf(data["text/plain"]) || textOf(data["application/json"]), false);
}

function format3Data(output: Json): Json {
  return {
    "image/png": output["png"],
    "image/jpeg": output["jpeg"],
    "image/svg+xml": output["svg"],
    "text/html": output["html"],
    "text/plain": output["text"],
  };
}

function text(value: string, isError: boolean): Output[] {
  const plain = value.replace(ANSI, "");
  if (!plain) return [];
  return [{ kind: "text", text: plain.slice(0, MAX_OUTPUT_CHARS), isError }];
}

function textOf(value: unknown, between = ""): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.filter((each) => typeof each === "string").join(between);
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
