/** Files that the browser makes, with news of how far they are; the code for it comes when it is wanted. */
import { asFailure, isAbort } from "@/api/failure";
import { toasts } from "@/ui/toast/toasts.svelte";
import { words } from "../words";
import type * as files from "./make";

type Files = typeof files;
/** Told how many rows are read, of how many. */
export type Tell = (read: number, all: number) => void;

export async function make(work: (files: Files, tell: Tell) => Promise<void>): Promise<void> {
  const news = toasts.busy(words.t.making);
  try {
    await work(await import("./make"), (read, all) => news.say(words.t.read(read, all)));
  } catch (error) {
    if (!isAbort(error)) toasts.failed(asFailure(error).message);
  } finally {
    news.end();
  }
}
