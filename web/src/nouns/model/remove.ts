/** Deletion, with files if asked for: those that a run or another version has stay. */
import { api } from "@/api/client";

/** The bytes that are free now. */
export async function removeModel(name: string, withFiles: boolean): Promise<number> {
  const answer = await api.post("/api/trackside/v1/registered-models/{name}/delete", {
    path: { name },
    body: { delete_files: withFiles },
  });
  return answer.freed_bytes;
}

export async function removeVersion(name: string, version: string, withFiles: boolean): Promise<number> {
  const answer = await api.post("/api/trackside/v1/model-versions/{name}/{version}/delete", {
    path: { name, version },
    body: { delete_files: withFiles },
  });
  return answer.freed_bytes;
}
