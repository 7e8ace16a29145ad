/** Starts a job and waits for its end. */
import { api } from "@/api/client";
import { Failure } from "@/api/failure";
import { isLive, type Job } from "./job";

const LOOK_MS = 400;

/** The job when it has ended; `onPart` sees it in between.  Throws for a job that did not succeed. */
export async function ended(
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
  if (job.state !== "succeeded") throw new Failure(409, "JOB_FAILED", job.reason);
  return job;
}
