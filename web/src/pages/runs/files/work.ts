/** Files that the browser makes, with news of how far they are; the code for it comes when it is wanted. */
import { asFailure, isAbort } from "@/api/failure";
import { toasts } from "@/ui/toast/toasts.svelte";
import { strings } from "../strings";
import type * as files from "./download";

type Files = typeof files;
/** Told how many rows are read, of how many. */
export type Tell = (read: number, all: number) => void;

export async function make(work: (files: Files, tell: Tell) => Promise<void>): Promise<void> {
  const news = toasts.busy(strings.t.making);
  try {
    await work(await import("./download"), (read, all) => news.say(strings.t.read(read, all)));
  } catch (error) {
    if (!isAbort(error)) toasts.failed(asFailure(error).message);
  } finally {
    news.end();
  }
}
