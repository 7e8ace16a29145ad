/** Images of one thing at several steps, found by their names.
 *
 * Two forms are known: what `mlflow.log_image(key=…, step=…)` writes, and names that differ in their last number alone,
 * such as `epoch_1.png` and `epoch_2.png`. */

import { folderOf, kindOf, nameOf } from "../kind";

export interface Frame {
  path: string;
  step: number;
}

export interface Series {
  /** The folder and the name without the step. */
  key: string;
  frames: Frame[];
}

const LOGGED =
  /^(?<key>.+)(?<mark>[%+])step\k<mark>(?<step>\d+)\k<mark>timestamp\k<mark>\d+\k<mark>[^%+]+(?<small>[%+]compressed)?\.\w+$/;
const NUMBERED = /^(?<head>.*?)(?<step>\d{1,15})(?<tail>\D*\.\w+)$/;

/** Series of at least two images, each with its frames in the order of steps. */
export function seriesOf(paths: readonly string[]): Series[] {
  const found = new Map<string, Frame[]>();
  for (const path of paths) {
    if (kindOf(path) !== "image") continue;
    const [key, step] = placeOf(path) ?? [];
    if (key === undefined || step === undefined) continue;
    const frames = found.get(key);
    if (frames) frames.push({ path, step });
    else found.set(key, [{ path, step }]);
  }
  return [...found]
    .filter(([, frames]) => frames.length > 1)
    .map(([key, frames]) => ({ key, frames: frames.sort((a, b) => a.step - b.step || (a.path < b.path ? -1 : 1)) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function seriesWith(series: readonly Series[], path: string): Series | undefined {
  return series.find((each) => each.frames.some((frame) => frame.path === path));
}

function placeOf(path: string): [string, number] | undefined {
  const folder = folderOf(path);
  const name = nameOf(path);
  const logged = LOGGED.exec(name)?.groups;
  // A logged image comes with a small copy of itself.
  if (logged) return logged["small"] ? undefined : [join(folder, logged["key"] ?? ""), Number(logged["step"])];
  const numbered = NUMBERED.exec(name)?.groups;
  return numbered ? [join(folder, `${numbered["head"]}*${numbered["tail"]}`), Number(numbered["step"])] : undefined;
}

function join(folder: string, name: string): string {
  return folder ? `${folder}/${name}` : name;
}
