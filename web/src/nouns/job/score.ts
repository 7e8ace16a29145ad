/** Starts to score a table: a run that has the table as a file, and a job that scores it. */
import { api } from "@/api/client";
import { Failure } from "@/api/failure";
import { apiUrl } from "@/app/workspace";

interface Options {
  where: string;
  env: "auto" | "uv" | "local";
}

/** The id of the job. */
export async function startScoring(model: string, table: File, options: Options): Promise<string> {
  const { run_id, place } = await sendTable(`score ${model}`, table);
  const { job } = await api.post("/api/trackside/v1/jobs", {
    body: { kind: "score", params: { model, input: place, run_id, ...options } },
  });
  return job.job_id;
}

/** Sends a table to a new run, and returns where it is. */
export async function sendTable(run_name: string, table: File): Promise<{ run_id: string; place: string }> {
  const { run } = await api.post("/api/2.0/mlflow/runs/create", {
    body: { experiment_id: "0", run_name, start_time: Date.now() },
  });
  const { run_id, artifact_uri } = run.info;
  await upload(`${artifact_uri}/input/${table.name}`, table);
  return { run_id, place: `runs:/${run_id}/input/${table.name}` };
}

async function upload(uri: string, file: File): Promise<void> {
  const path = uri
    .replace(/^mlflow-artifacts:\/+/, "")
    .split("/")
    .map(encodeURIComponent)
    .join("/");
  const call = "/api/2.0/mlflow-artifacts/artifacts/{path}";
  const answer = await fetch(apiUrl(call.replace("{path}", path)), { method: "PUT", body: file });
  if (!answer.ok) throw new Failure(answer.status, "", await answer.text());
}
