import { api } from "@/api/client";
import { joined, type Series } from "./pictures";

/** The images that a run logged with a key, by key. */
export async function loadImages(runId: string, signal: AbortSignal): Promise<Series[]> {
  let all: Series[] = [];
  let token: string | undefined;
  do {
    const query = { run_id: runId, ...(token && { page_token: token }) };
    const page = await api.get("/api/trackside/v1/artifacts/images", { query, signal });
    all = joined(all, page.series);
    token = page.next_page_token ?? undefined;
  } while (token);
  return all;
}
