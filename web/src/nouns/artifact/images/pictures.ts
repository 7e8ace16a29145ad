/** Images that were logged with a key and a step, and which of them are shown.  Pure. */
import type { components } from "@/api/schema";

/** The images of one key, in the order of steps and times. */
export type Series = components["schemas"]["ImageSeries"];
export type Picture = components["schemas"]["Image"];

/** All steps at which an image was logged, in their order. */
export function stepsOf(series: readonly Series[]): number[] {
  const steps = new Set(series.flatMap((each) => each.images.map((image) => image.step)));
  return [...steps].sort((a, b) => a - b);
}

/** The place of the last step up to `wanted`, that of the first if there is none, and that of the last if none is wanted. */
export function placeOf(steps: readonly number[], wanted: string | null): number {
  const step = wanted === null || wanted.trim() === "" ? NaN : Number(wanted);
  if (Number.isNaN(step)) return steps.length - 1;
  return Math.max(
    0,
    steps.findLastIndex((each) => each <= step),
  );
}

/** The last image up to a step; undefined if the first one is of a later step. */
export function pictureAt(series: Series, step: number): Picture | undefined {
  return series.images.findLast((image) => image.step <= step);
}

/** The series of two pages of an answer: the second one may go on with the last key of the first. */
export function joined(before: readonly Series[], after: readonly Series[]): Series[] {
  const last = before.at(-1);
  const first = after[0];
  if (!last || !first || last.key !== first.key) return [...before, ...after];
  return [...before.slice(0, -1), { key: last.key, images: [...last.images, ...first.images] }, ...after.slice(1)];
}

const byNumber = new Intl.Collator("en", { numeric: true });

/** By their keys, with numbers in the order of numbers: `sample2` before `sample10`. */
export function inOrder(series: readonly Series[]): Series[] {
  return series.toSorted((a, b) => byNumber.compare(a.key, b.key));
}

export function withKey(series: readonly Series[], text: string): Series[] {
  const wanted = text.toLowerCase();
  return series.filter((each) => each.key.toLowerCase().includes(wanted));
}
