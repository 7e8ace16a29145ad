/** The files of a run, of a logged model or of a folder in one of them: lists, pieces, addresses. */
import { api, sendRange } from "@/api/client";
import { apiUrl } from "@/app/workspace";
import { folderOf, nameOf } from "./kind";

export interface Entry {
  path: string;
  name: string;
  isFolder: boolean;
  sizeBytes: number;
}

export interface Piece {
  bytes: Uint8Array;
  totalBytes: number;
}

export interface Files {
  list(folder: string, signal?: AbortSignal): Promise<Entry[]>;
  /** The bytes from `start` up to before `end`, fewer where the file ends. */
  read(path: string, start: number, end: number, signal?: AbortSignal): Promise<Piece>;
  /** The whole file. */
  url(path: string): string;
  /** An HTML file as a page in a sandbox. */
  pageUrl?: (path: string) => string;
  /** A folder as a zip; the root if the path is empty. */
  zipUrl?: (path: string) => string;
}

export function artifactsOfRun(runId: string): Files {
  const url = (call: string, path: string): URL => {
    const address = apiUrl(call);
    address.search = new URLSearchParams({ run_id: runId, path }).toString();
    return address;
  };
  return {
    async list(folder, signal) {
      const query = { run_id: runId, ...(folder ? { path: folder } : {}) };
      const { files = [] } = await api.get("/api/2.0/mlflow/artifacts/list", { query, signal });
      return entriesOf(files);
    },
    read: (path, start, end, signal) => pieceOf(url("/get-artifact", path), start, end, signal),
    url: (path) => url("/get-artifact", path).href,
    pageUrl: (path) => url("/api/trackside/v1/artifacts/page", path).href,
    zipUrl: (path) => url("/api/trackside/v1/artifacts/zip", path).href,
  };
}

/** Pages in a sandbox and zips are calls of runs alone. */
export function artifactsOfLoggedModel(modelId: string): Files {
  const url = (path: string): URL => {
    const address = apiUrl(`ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(modelId)}/artifacts/files`);
    address.search = new URLSearchParams({ artifact_file_path: path }).toString();
    return address;
  };
  return {
    async list(folder, signal) {
      const query = folder ? { artifact_directory_path: folder } : {};
      const { files = [] } = await api.get("/api/2.0/mlflow/logged-models/{model_id}/artifacts/directories", {
        path: { model_id: modelId },
        query,
        signal,
      });
      return entriesOf(files);
    },
    read: (path, start, end, signal) => pieceOf(url(path), start, end, signal),
    url: (path) => url(path).href,
  };
}

/** A folder of another source as files. */
export function within(files: Files, folder: string): Files {
  const full = (path: string): string => [folder, path].filter(Boolean).join("/");
  const { pageUrl, zipUrl } = files;
  return {
    async list(path, signal) {
      const entries = await files.list(full(path), signal);
      return entries.map((entry) => ({ ...entry, path: folder ? entry.path.slice(folder.length + 1) : entry.path }));
    },
    read: (path, start, end, signal) => files.read(full(path), start, end, signal),
    url: (path) => files.url(full(path)),
    ...(pageUrl ? { pageUrl: (path: string) => pageUrl(full(path)) } : {}),
    ...(zipUrl ? { zipUrl: (path: string) => zipUrl(full(path)) } : {}),
  };
}

interface WireFile {
  path: string;
  is_dir: boolean;
  file_size?: number | string | null;
}

/** Folders first, by name. */
function entriesOf(files: readonly WireFile[]): Entry[] {
  const entries = files.map((file): Entry => ({
    path: file.path,
    name: nameOf(file.path),
    isFolder: file.is_dir,
    sizeBytes: Number(file.file_size ?? 0),
  }));
  return entries.sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name));
}

async function pieceOf(url: URL, start: number, end: number, signal: AbortSignal | undefined): Promise<Piece> {
  const answer = await sendRange(url, start, end, signal);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const total = /\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1];
  return { bytes, totalBytes: total === undefined ? bytes.length : Number(total) };
}

/** The folders on the way to a path, from the root on. */
export function foldersTo(path: string): string[] {
  const folders: string[] = [];
  for (let folder = folderOf(path); folder; folder = folderOf(folder)) folders.unshift(folder);
  return ["", ...folders];
}
