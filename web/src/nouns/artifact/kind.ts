/** How a file of a run is shown, decided by its name and its size alone. */

export type Kind =
  | "image"
  | "table"
  | "parquet"
  | "json"
  | "markdown"
  | "notebook"
  | "html"
  | "audio"
  | "video"
  | "pdf"
  | "text"
  | "unknown";

/** The part of a text file that a preview reads. */
export const HEAD_BYTES = 64 * 1024;
/** Files that a preview needs whole are not opened above these sizes. */
export const MAX_WHOLE_BYTES: Partial<Record<Kind, number>> = {
  image: 32 * 1024 * 1024,
  notebook: 8 * 1024 * 1024,
  html: 32 * 1024 * 1024,
};

const BY_EXTENSION: Record<string, Kind> = {
  ...each("image", "png jpg jpeg gif webp bmp ico avif svg"),
  ...each("table", "csv tsv"),
  ...each("parquet", "parquet pq"),
  ...each("json", "json geojson jsonl ndjson"),
  ...each("markdown", "md markdown"),
  ...each("notebook", "ipynb"),
  ...each("html", "html htm"),
  ...each("audio", "wav mp3 ogg oga flac m4a opus aac"),
  ...each("video", "mp4 webm ogv mov m4v"),
  ...each("pdf", "pdf"),
  ...each(
    "text",
    "txt log err cfg conf cnf cf ini properties toml yaml yml xml py r rs go java scala sql sh bash js ts tsx jsx " +
      "css c h cc cpp hpp rst tex dockerfile requirements lock patch diff env prop hocon jl rb php kt swift ipy",
  ),
};
const BY_NAME: Record<string, Kind> = {
  mlmodel: "text",
  mlproject: "text",
  dockerfile: "text",
  makefile: "text",
  readme: "markdown",
  license: "text",
};
const BINARY = new Set(
  "pkl pickle joblib pt pth bin onnx h5 hdf5 npy npz zip gz tgz tar bz2 xz zst 7z whl so dll exe safetensors model ubj".split(
    " ",
  ),
);

/** `unknown` files are looked at: the first bytes tell text from other things. */
export function kindOf(path: string): Kind {
  const name = nameOf(path).toLowerCase();
  const dot = name.lastIndexOf(".");
  if (Object.hasOwn(BY_NAME, name)) return BY_NAME[name] ?? "unknown";
  const extension = dot < 0 ? "" : name.slice(dot + 1);
  return Object.hasOwn(BY_EXTENSION, extension) ? (BY_EXTENSION[extension] ?? "unknown") : "unknown";
}

/** Whether the extension shows that the file is neither text nor displayed by browsers. */
export function isBinaryName(path: string): boolean {
  const name = nameOf(path).toLowerCase();
  return BINARY.has(name.slice(name.lastIndexOf(".") + 1));
}

export function isTooLarge(kind: Kind, sizeBytes: number): boolean {
  const most = MAX_WHOLE_BYTES[kind];
  return most !== undefined && sizeBytes > most;
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function folderOf(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut < 0 ? "" : path.slice(0, cut);
}

function each(kind: Kind, extensions: string): Record<string, Kind> {
  return Object.fromEntries(extensions.split(" ").map((extension) => [extension, kind]));
}
