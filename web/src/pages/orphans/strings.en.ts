import { formatCount, plural } from "@/i18n/format";

const count = (one: string, more: string) => (value: number) =>
  `${formatCount(value)} ${plural(value) === "one" ? one : more}`;
const places = count("path", "paths");
const files = count("file", "files");

export default {
  title: "Orphans",
  storage: "Storage",
  hint: "Files without a row, and rows whose files are missing. Files younger than a day are skipped: they may belong to an upload.",
  search: "Search",
  searched: "Searched",
  working: "Working",
  none: "No search yet",
  noneHint: "A job compares the files of the workspace with its runs, models and versions. It changes nothing.",
  sides: { files: "Files without a row", rows: "Rows without files", quarantine: "Quarantine" },
  clean: {
    files: "No files without a row",
    rows: "No rows without files",
    quarantine: "The quarantine is empty",
  },
  place: "Path",
  kind: "Kind",
  id: "ID",
  files: "Files",
  size: "Size",
  newest: "Newest",
  moved: "Moved",
  actions: "Actions",
  kinds: {
    run: "Deleted run",
    logged_model: "Deleted logged model",
    trace: "Deleted trace",
    model_version: "Copied model version",
    trace_spans: "Spans",
    upload: "Upload",
    other: "Other files",
  } as Record<string, string>,
  rowKinds: {
    run: "Run",
    logged_model: "Logged model",
    model_version: "Model version",
    trace_spans: "Spans of a trace",
  } as Record<string, string>,
  move: "Move to the quarantine…",
  moveOne: (key: string) => `Move ${key} to the quarantine`,
  moveTitle: "Move to the quarantine",
  moveWhat: (some: number, all: number, bytes: string) => `${places(some)} with ${files(all)}, ${bytes}.`,
  moveHint:
    "The files stay in the same store, where clients cannot access them, until they are purged. You can move them back.",
  moveAction: "Move",
  back: "Move back",
  backOne: (key: string) => `Move ${key} back`,
  purge: "Purge…",
  purgeOne: (key: string) => `Delete ${key} permanently`,
  purgeTitle: "Purge the quarantine",
  purgeAction: (bytes: string) => `Delete permanently, free ${bytes}`,
  purgeHint: "The files are deleted. This cannot be undone.",
  prompt: (word: string) => `Type ${word} to delete them`,
  done: (some: number, bytes: string) => `${files(some)}, ${bytes}`,
  rowsHint: "Restore the files from a backup, or delete the row.",
  otherHint: "The path of other files does not show what they belonged to. They can only be moved one by one.",
};
