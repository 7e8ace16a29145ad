import { api } from "@/api/client";
import { Failure } from "@/api/failure";
import { isLive, reasonText, type Job } from "./job";

const LOOK_MS = 400;
/** The code of a failure: what the job was to delete has changed since its preview. */
export const OUTDATED = "preview-outdated";

/** Starts a job and returns it after its end; `onPart` gets its state meanwhile.  Throws if the job does not succeed. */
export async function runJob(
  kind: string,
  params: Record<string, unknown>,
  onPart: (job: Job) => void = () => undefined,
): Promise<Job> {
  let { job } = await api.post("/api/trackside/v1/jobs", { body: { kind, params } });
  while (isLive(job)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    ({ job } = await api.get("/api/trackside/v1/jobs/{job_id}", { path: { job_id: job.job_id } }));
    onPart(job);
  }
  if (job.state !== "succeeded") {
    throw new Failure(409, job.cause?.key === OUTDATED ? OUTDATED : "JOB_FAILED", await reasonText(job));
  }
  return job;
}
