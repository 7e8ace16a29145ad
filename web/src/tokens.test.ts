/** The colours of tokens.css: contrast by WCAG 2, and how far the colours of runs lie apart (CIEDE2000), also for the
 *  colour-blind (simulated as by Machado, Oliveira and Fernandes, 2009). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const THEMES = ["light", "dark"] as const;
const BACKGROUNDS = ["page", "surface", "raised", "hover", "chip", "selected"];
const RUNS = 20;
const FIRST_RUNS = 10;
const HEAT_STEPS = 7;
const SIGHTS: Record<string, Matrix> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const TO_XYZ: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];
const WHITE: Triple = [0.95047, 1, 1.08883];

const css = readFileSync(new URL("tokens.css", import.meta.url), "utf-8");
const colours = {
  light: colorsOf(/\[data-theme="light"\] \{([^}]*)\}/),
  dark: colorsOf(/\[data-theme="dark"\] \{([^}]*)\}/),
};

function colorsOf(block: RegExp): Map<string, Triple> {
  const declared = (block.exec(css)?.[1] ?? "").matchAll(/--([\w-]+):\s*#([0-9a-f]{6});/g);
  return new Map([...declared].map(([, name = "", hex = ""]) => [name, linear(hex)]));
}

/** `#rrggbb` as linear light. */
function linear(hex: string): Triple {
  const of = (at: number): number => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [of(0), of(2), of(4)];
}

function times(matrix: Matrix, [x, y, z]: Triple): Triple {
  const row = ([a, b, c]: Triple): number => a * x + b * y + c * z;
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
}

function map3(values: Triple, change: (value: number, at: number) => number): Triple {
  return [change(values[0], 0), change(values[1], 1), change(values[2], 2)];
}

function contrast(one: Triple, other: Triple): number {
  const [low = 0, high = 0] = [one, other].map((colour) => times(TO_XYZ, colour)[1]).sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function lab(light: Triple): Triple {
  const [epsilon, kappa] = [216 / 24389, 24389 / 27];
  const scaled = map3(times(TO_XYZ, light), (value, at) => value / (WHITE[at] ?? 1));
  const [x, y, z] = map3(scaled, (value) => (value > epsilon ? Math.cbrt(value) : (kappa * value + 16) / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** The CIEDE2000 distance of two colours in Lab. */
function distance([l1, a1, b1]: Triple, [l2, a2, b2]: Triple): number {
  const sin = (degrees: number): number => Math.sin((degrees * Math.PI) / 180);
  const cos = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);
  const far = (chroma: number): number => Math.sqrt(chroma ** 7 / (chroma ** 7 + 25 ** 7));
  const hue = (a: number, b: number): number => ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;

  const g = 1 + 0.5 * (1 - far((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2));
  const [c1, c2] = [Math.hypot(a1 * g, b1), Math.hypot(a2 * g, b2)];
  const [h1, h2] = [hue(a1 * g, b1), hue(a2 * g, b2)];
  const isGrey = c1 * c2 === 0;
  const between = h2 - h1;
  const turn = isGrey ? 0 : between > 180 ? between - 360 : between < -180 ? between + 360 : between;
  const sum = h1 + h2;
  const isNear = isGrey || Math.abs(between) <= 180;
  const h = isGrey ? sum : isNear ? sum / 2 : sum < 360 ? sum / 2 + 180 : sum / 2 - 180;
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const t = 1 - 0.17 * cos(h - 30) + 0.24 * cos(2 * h) + 0.32 * cos(3 * h + 6) - 0.2 * cos(4 * h - 63);
  const light = (l2 - l1) / (1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2));
  const chroma = (c2 - c1) / (1 + 0.045 * c);
  const tone = (2 * Math.sqrt(c1 * c2) * sin(turn / 2)) / (1 + 0.015 * c * t);
  const rotation = -2 * far(c) * sin(60 * Math.exp(-(((h - 275) / 25) ** 2)));
  return Math.sqrt(light ** 2 + chroma ** 2 + tone ** 2 + rotation * chroma * tone);
}

function closest(all: readonly Triple[]): number {
  return Math.min(...all.flatMap((one, at) => all.slice(at + 1).map((other) => distance(one, other))));
}

// Of the test data that Sharma, Wu and Dalal published with the formula (2005).
test.each<[Triple, Triple, number]>([
  [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
  [[50, 2.5, 0], [73, 25, -18], 27.1492],
  [[22.7233, 20.0904, -46.694], [23.0331, 14.973, -42.5619], 2.0373],
  [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
])("the distance of %j and %j is %d", (one, other, expected) => {
  expect(distance(one, other)).toBeCloseTo(expected, 4);
});

describe.each(THEMES)("%s theme", (theme) => {
  const colour = (name: string): Triple => {
    const found = colours[theme].get(name);
    if (!found) throw new Error(`tokens.css has no colour --${name} in the ${theme} theme`);
    return found;
  };
  const runs = (): Triple[] => Array.from({ length: RUNS }, (_, at) => colour(`run-${at + 1}`));
  const heat = (kind: string): string[] => Array.from({ length: HEAT_STEPS }, (_, at) => `heat-${kind}-${at + 1}`);

  test.each<[number, string[], string[]]>([
    [7, ["text"], BACKGROUNDS],
    [4.5, ["text-2", "muted", "accent-text"], BACKGROUNDS],
    [3, ["focus"], BACKGROUNDS],
    [4.5, ["success", "warning", "danger", "info"], ["surface", "selected"]],
    [4.5, ["on-accent"], ["accent", "accent-hover", "danger-fill"]],
    [3, ["control-line"], ["page", "surface"]],
    [4.5, ["text"], [...heat("seq"), ...heat("div")]],
    [3, Array.from({ length: RUNS }, (_, at) => `run-${at + 1}`), ["surface", "page", "raised"]],
    ...["success", "warning", "danger", "info"].map((state): [number, string[], string[]] => [
      4.5,
      [state],
      [`${state}-tint`],
    ]),
  ])("contrast of at least %d: %j on %j", (least, foregrounds, backgrounds) => {
    const short = foregrounds.flatMap((front) =>
      backgrounds
        .map((back) => ({ front, back, contrast: contrast(colour(front), colour(back)) }))
        .filter((pair) => !(pair.contrast >= least)),
    );

    expect(short).toEqual([]);
  });

  test.each(Object.entries(SIGHTS))("run colours are told apart with %s sight", (_sight, matrix) => {
    const seen = runs().map((light) => lab(map3(times(matrix, light), (value) => Math.min(1, Math.max(0, value)))));

    expect(closest(seen.slice(0, FIRST_RUNS))).toBeGreaterThanOrEqual(11.5);
    expect(closest(seen.slice(FIRST_RUNS))).toBeGreaterThanOrEqual(9);
    expect(closest(seen)).toBeGreaterThanOrEqual(5.4);
  });
});
