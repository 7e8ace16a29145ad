/** The files of a run: lists, pieces, addresses. */
import { api, send } from "@/api/client";
import { apiUrl } from "@/app/place";
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
  /** An HTML file as a page in a sandbox of its own. */
  pageUrl(path: string): string;
  /** A folder as a zip; the root if the path is empty. */
  zipUrl(path: string): string;
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
      const entries = files.map((file): Entry => ({
        path: file.path,
        name: nameOf(file.path),
        isFolder: file.is_dir,
        sizeBytes: Number(file.file_size ?? 0),
      }));
      return entries.sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name));
    },
    async read(path, start, end, signal) {
      const headers = { range: `bytes=${start}-${end - 1}` };
      const answer = await send(url("/get-artifact", path), { headers, signal: signal ?? null });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const total = /\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1];
      return { bytes, totalBytes: total === undefined ? bytes.length : Number(total) };
    },
    url: (path) => url("/get-artifact", path).href,
    pageUrl: (path) => url("/api/trackside/v1/artifacts/page", path).href,
    zipUrl: (path) => url("/api/trackside/v1/artifacts/zip", path).href,
  };
}

/** The folders on the way to a path, from the root on. */
export function foldersTo(path: string): string[] {
  const folders: string[] = [];
  for (let folder = folderOf(path); folder; folder = folderOf(folder)) folders.unshift(folder);
  return ["", ...folders];
}
