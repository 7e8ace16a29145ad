import { connection } from "@/app/connection.svelte";
import { apiUrl } from "@/app/workspace";
import { session } from "@/app/session/session.svelte";
import { shell } from "@/i18n/shell";
import { Failure, isAbort } from "./failure";
import type { paths } from "./schema";
import { faultText, type Fault } from "./fault";

type Method = "get" | "post" | "put" | "patch" | "delete";
type PathsOf<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, object> ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = Exclude<paths[P][M & keyof paths[P]], undefined>;
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? Exclude<Q, undefined> : never;
type InPathOf<O> = O extends { parameters: { path: infer Q } } ? Q : never;
type RequestBodyOf<O> = O extends { requestBody?: infer R } ? Exclude<R, undefined> : never;
type BodyOf<O> = [RequestBodyOf<O>] extends [never]
  ? never
  : RequestBodyOf<O> extends { content: { "application/json": infer B } }
    ? B
    : never;
type SuccessOf<O> = O extends { responses: { 200: infer A } }
  ? A
  : O extends { responses: { 201: infer A } }
    ? A
    : never;
type AnswerOf<O> = SuccessOf<O> extends { content: { "application/json": infer A } } ? A : undefined;

interface Options {
  signal?: AbortSignal | undefined;
  /** false: an answer 401 is a failure, and opens no sign-in. */
  asks?: boolean;
}
type Input<O> = Options &
  ([QueryOf<O>] extends [never] ? object : { query?: QueryOf<O> }) &
  ([InPathOf<O>] extends [never] ? object : { path: InPathOf<O> }) &
  ([BodyOf<O>] extends [never] ? object : { body: BodyOf<O> });

/** `await api.get("/api/2.0/mlflow/runs/get", { query: { run_id } })`: paths, arguments and answers are the server's types. */
export const api = {
  get: <P extends PathsOf<"get">>(path: P, input: Input<Operation<P, "get">>) =>
    call<AnswerOf<Operation<P, "get">>>("GET", path, input),
  post: <P extends PathsOf<"post">>(path: P, input: Input<Operation<P, "post">>) =>
    call<AnswerOf<Operation<P, "post">>>("POST", path, input),
  put: <P extends PathsOf<"put">>(path: P, input: Input<Operation<P, "put">>) =>
    call<AnswerOf<Operation<P, "put">>>("PUT", path, input),
  patch: <P extends PathsOf<"patch">>(path: P, input: Input<Operation<P, "patch">>) =>
    call<AnswerOf<Operation<P, "patch">>>("PATCH", path, input),
  delete: <P extends PathsOf<"delete">>(path: P, input: Input<Operation<P, "delete">>) =>
    call<AnswerOf<Operation<P, "delete">>>("DELETE", path, input),
};

async function call<A>(method: string, path: string, input: object): Promise<A> {
  const { query, path: inPath, body: given, signal, asks } = input as Record<string, unknown>;
  // The server takes a call by POST, PUT or PATCH as JSON only, also one without fields.
  const body = given ?? (method === "GET" || method === "DELETE" ? undefined : {});
  const request = {
    method,
    signal: (signal as AbortSignal | undefined) ?? null,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  };
  const answer = await send(addressOf(path, inPath, query), request, asks !== false);
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as A;
}

/** A request whose answer is not JSON: a file, a piece of one.  After a 401 it waits for a sign-in and is sent again, unless
 *  `asks` is false.  Rejects with a Failure unless the answer is a success. */
export async function send(url: URL, request: RequestInit, asks = true): Promise<Response> {
  for (;;) {
    const signIns = session.count;
    const answer = await exchange(url, request);
    if (answer.ok) return answer;
    if (answer.status === 401 && asks && (signIns !== session.count || (await session.ask()))) continue;
    const failure = await failureOf(answer);
    if (failure.isLost) connection.lose();
    throw failure.status === 403 ? await explained(failure, request.method ?? "GET", url) : failure;
  }
}

/** The bytes of a file from `start` up to before `end`, fewer where the file ends.  Past the browser's cache: Chromium asks
 *  only for the part that its cache has, even if the file has grown since, and so truncates it. */
export async function sendRange(url: URL, start: number, end: number, signal?: AbortSignal): Promise<Response> {
  return send(url, { headers: { range: `bytes=${start}-${end - 1}` }, cache: "no-store", signal: signal ?? null });
}

async function exchange(url: URL, request: RequestInit): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set("x-trackside-csrf", "1"); // a page of another origin cannot send it
  try {
    return await fetch(url, { ...request, headers });
  } catch (error) {
    if (isAbort(error)) throw error;
    connection.lose();
    throw new Failure(0, "", shell.t.noAnswer); // browsers say why in English only, and no more than that
  }
}

/** Adds to a refusal which right is missing, and the roles that give it. */
async function explained(failure: Failure, method: string, url: URL): Promise<Failure> {
  const found = await import("./missing").then(({ missing }) => missing(method, url)).catch(() => undefined);
  if (!found) return failure;
  const message = `${failure.message.replace(/\.?$/, ".")} ${shell.t.missing(found.action, found.roles.join(", "))}`;
  return new Failure(failure.status, failure.code, message);
}

async function failureOf(answer: Response): Promise<Failure> {
  const text = await answer.text().catch(() => "");
  try {
    const fault = JSON.parse(text) as Fault;
    if (fault.message) return new Failure(answer.status, fault.error_code ?? "", await faultText(fault));
  } catch {
    // Not from the server itself: a proxy's page.
  }
  const failure = new Failure(answer.status, "", `${answer.status} ${answer.statusText}`.trim());
  return failure.isLost ? new Failure(answer.status, "", `${shell.t.noAnswer} (${failure.message})`) : failure;
}

function addressOf(path: string, inPath: unknown, query: unknown): URL {
  const values = (inPath ?? {}) as Record<string, string | number>;
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent(String(values[name] ?? "")));
  const url = apiUrl(filled);
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) url.searchParams.append(name, String(each));
    }
  }
  return url;
}
