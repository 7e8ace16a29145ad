/** How cells are coloured, and their small curves.  Pure. */
const HEAT_STEPS = 7;

/** The step of a value on the scale of a range, 1 to 7. */
export function heatStep(value: number, [low, high]: readonly [number, number]): number {
  if (!(high > low)) return 1;
  const part = (Math.min(Math.max(value, low), high) - low) / (high - low);
  return Math.min(Math.floor(part * HEAT_STEPS), HEAT_STEPS - 1) + 1;
}

/** From the fifth to the ninety-fifth of a hundred values: one outlier leaves the others their colours. */
export function rangeOf(values: number[]): [number, number] | null {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))] ?? 0;
  return [at(0.05), at(0.95)];
}

/** A line through points as the path of an SVG, in a box of its own; values that are no numbers part it. */
export function curvePath(x: Float64Array, y: Float64Array, width: number, height: number): string {
  const PAD = 1.5;
  const real = [...y].filter(Number.isFinite);
  if (!real.length) return "";
  const [left, right] = [x[0] ?? 0, x.at(-1) ?? 0];
  const [low, high] = [Math.min(...real), Math.max(...real)];
  const across = (value: number): number =>
    right > left ? PAD + ((value - left) / (right - left)) * (width - 2 * PAD) : width / 2;
  const down = (value: number): number =>
    high > low ? height - PAD - ((value - low) / (high - low)) * (height - 2 * PAD) : height / 2;
  let path = "";
  let isOpen = false;
  y.forEach((value, at) => {
    if (!Number.isFinite(value)) isOpen = false;
    else {
      const place = `${across(x[at] ?? 0).toFixed(1)} ${down(value).toFixed(1)}`;
      // A point alone is drawn as a short line.
      path += isOpen ? `L${place}` : `M${place}h0.1`;
      isOpen = true;
    }
  });
  return path;
}
