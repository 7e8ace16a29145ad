/** The layout of a chart: positions and labels of its axes, and the pixel of a value.  Pure. */
import { formatDurations, formatPowers, formatSteps, formatTicks, formatTimes, timeZone } from "../scale/format";
import { scaleOf, type Range, type Scale, type ScaleKind } from "../scale/scale";
import { durationTicks, stepTicks, ticksOf, timeTicks } from "../scale/ticks";
import { textWidth, type Rect } from "./pen";

/** What x is: that decides its ticks and their words. */
export type XKind = "step" | "relative" | "wall" | "metric";

export interface Axes {
  readonly width: number;
  readonly height: number;
  readonly x: { readonly kind: XKind; readonly scale: ScaleKind; readonly range: Range; readonly label: string };
  readonly y: { readonly scale: ScaleKind; readonly range: Range; readonly linearBelow: number };
  readonly locale: string;
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface Plot {
  readonly axes: Axes;
  /** Where lines are drawn. */
  readonly area: Rect;
  readonly x: Scale;
  readonly y: Scale;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly xLabel: string;
}

export const TICK_SIZE = 11;
const LINE = 16;
const RIGHT = 12;
const TOP = 8;

export function plot(axes: Axes): Plot {
  const y = scaleOf(axes.y.scale, axes.y.range, axes.y.linearBelow);
  const x = scaleOf(axes.x.scale, axes.x.range);
  const bottom = LINE + 6 + (axes.x.label ? LINE : 0);
  const height = Math.max(20, axes.height - TOP - bottom);
  const yValues = ticksOf(axes.y.scale, axes.y.range, Math.max(2, Math.floor(height / 28)), axes.y.linearBelow);
  const yLabels = axes.y.scale === "linear" ? formatTicks(yValues) : formatPowers(yValues);
  const gutter = Math.max(28, ...yLabels.map((label) => textWidth(label, TICK_SIZE))) + 14;
  const area = { left: gutter, top: TOP, width: Math.max(20, axes.width - gutter - RIGHT), height };
  const xTicks = xTicksOf(axes, area.width);
  return {
    axes,
    area,
    x,
    y,
    xTicks: fitting(
      xTicks.map((tick) => ({ at: area.left + x.share(tick.value) * area.width, label: tick.label })),
      axes.width,
    ),
    yTicks: yValues.map((value, at) => ({ at: area.top + (1 - y.share(value)) * height, label: yLabels[at]! })),
    xLabel:
      axes.x.kind === "wall" && axes.x.label
        ? `${axes.x.label} (${timeZone(axes.locale, axes.x.range.low)})`
        : axes.x.label,
  };
}

export function pixelX({ x, area }: Plot, value: number): number {
  return area.left + x.share(value) * area.width;
}

export function pixelY({ y, area }: Plot, value: number): number {
  return area.top + (1 - y.share(value)) * area.height;
}

export function valueX({ x, area }: Plot, pixel: number): number {
  return x.value((pixel - area.left) / area.width);
}

export function valueY({ y, area }: Plot, pixel: number): number {
  return y.value(1 - (pixel - area.top) / area.height);
}

function xTicksOf({ x, locale }: Axes, width: number): { value: number; label: string }[] {
  const most = Math.max(2, Math.floor(width / 72));
  const label = (values: number[], labels: string[]) => values.map((value, at) => ({ value, label: labels[at]! }));
  if (x.scale !== "linear") {
    const values = ticksOf(x.scale, x.range, most);
    return label(values, x.kind === "step" ? formatSteps(values) : formatPowers(values));
  }
  if (x.kind === "wall") {
    const values = timeTicks(x.range, Math.max(2, Math.floor(width / 96)));
    return label(values, formatTimes(values, locale));
  }
  if (x.kind === "relative") {
    const values = durationTicks(x.range, most);
    return label(values, formatDurations(values));
  }
  const values = x.kind === "step" ? stepTicks(x.range, most) : ticksOf("linear", x.range, most);
  return label(values, x.kind === "step" ? formatSteps(values) : formatTicks(values));
}

/** Without those whose words would touch the word before or leave the picture. */
function fitting(ticks: readonly Tick[], width: number): Tick[] {
  const kept: Tick[] = [];
  let free = Number.NEGATIVE_INFINITY;
  for (const tick of ticks) {
    const half = textWidth(tick.label, TICK_SIZE) / 2;
    if (tick.at - half < free || tick.at + half > width) continue;
    kept.push(tick);
    free = tick.at + half + 8;
  }
  return kept;
}
