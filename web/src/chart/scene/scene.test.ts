import fc from "fast-check";
import { expect, test } from "vitest";
import { fromPoints } from "../series/series";
import { bandPath, hidden, linePath, isolated, notPositive, thin, type Line } from "./line";
import { hits, placeNextTo, step } from "./nearest";
import { paint, type Theme } from "./paint";
import { pixelX, pixelY, plot, valueX, type Axes } from "./plot";
import { assign, colourIndex, dashOf, isColoured } from "./slots";
import { escape, SvgPen } from "./svg";

const THEME: Theme = {
  surface: "#fff",
  line: "#ddd",
  axis: "#888",
  text: "#111",
  text2: "#444",
  muted: "#666",
  warning: "#a60",
  runs: [],
};

function axes(change: Partial<Axes> = {}): Axes {
  return {
    width: 400,
    height: 200,
    x: { kind: "step", scale: "linear", range: { low: 0, high: 10 }, label: "step" },
    y: { scale: "linear", range: { low: 0, high: 1 }, linearBelow: 1 },
    locale: "en",
    ...change,
  };
}

function line(id: string, x: number[], y: number[], change: Partial<Line> = {}): Line {
  const series = fromPoints(id, "loss", x, y);
  return {
    id,
    label: id,
    colour: "#123456",
    dash: [],
    series,
    values: series.last,
    band: null,
    isColoured: true,
    ...change,
  };
}

test("a run keeps its slot while others come and go, and a new one takes the lowest free slot", () => {
  const first = assign(["a", "b", "c"], new Map());
  const then = assign(["c", "d", "b"], first);

  expect([...first.values()]).toEqual([0, 1, 2]);
  expect(Object.fromEntries(then)).toEqual({ c: 2, b: 1, d: 0 });
});

test("a chosen slot goes to its runs, which may share it, and to no other", () => {
  const chosen = new Map([
    ["b", 0],
    ["c", 0],
  ]);
  const slots = assign(
    ["a", "b", "c"],
    new Map([
      ["a", 0],
      ["b", 5],
    ]),
    chosen,
  );

  expect(Object.fromEntries(slots)).toEqual({ a: 1, b: 0, c: 0 });
});

test("no two runs share a slot, in any order of coming", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.array(fc.nat(5)), (ids, kept) => {
      const slots = assign(ids, new Map(ids.slice(0, kept.length).map((id, at) => [id, kept[at]!])));

      expect(slots.size).toBe(ids.length);
      expect(new Set(slots.values()).size).toBe(ids.length);
    }),
  );
});

test("near colours differ in their dash, and above forty lines twenty are coloured", () => {
  expect(dashOf(9)).toEqual([]);
  expect(dashOf(10)).toEqual([6, 4]);
  expect(dashOf(20)).toEqual([2, 3]);
  expect(dashOf(30)).toEqual([8, 3, 2, 3]);
  expect(colourIndex(21)).toBe(1);
  expect([isColoured(39, 40), isColoured(19, 41), isColoured(20, 41)]).toEqual([true, true, false]);
});

test("a pixel and its value agree", () => {
  const p = plot(axes());

  expect(valueX(p, pixelX(p, 7))).toBeCloseTo(7, 9);
  expect(pixelY(p, 0)).toBe(p.area.top + p.area.height);
  expect(p.yTicks.at(-1)!.at).toBe(p.area.top);
  expect(p.xTicks.map((tick) => tick.label)).toEqual(["0", "5", "10"]);
});

test("the gutter holds the longest label, so that none is cut", () => {
  const wide = plot(axes({ y: { scale: "linear", range: { low: 1000.001, high: 1000.002 }, linearBelow: 1 } }));

  expect(wide.area.left).toBeGreaterThan(plot(axes()).area.left);
});

test("a line is lifted at NaN, and a point alone between two of them is a dot", () => {
  const p = plot(axes());
  const path = linePath(p, Float64Array.of(0, 1, 2, 3, 4), Float64Array.of(0.5, NaN, 0.5, NaN, NaN));

  expect([...isolated(path)].length).toBe(4);
  expect(path[3]).toBeNaN();
});

test("a line of many points is thinned to the same picture: each column keeps its ends and extremes, each lift stays", () => {
  const height = fc.option(fc.integer({ min: 0, max: 100 }), { nil: NaN, freq: 10 });
  fc.assert(
    fc.property(fc.array(height, { maxLength: 400 }), (ys) => {
      const path = Float64Array.from(ys.flatMap((y, at) => [at / 20, y]));
      const pieces = (of: Float64Array): string[] => {
        const found = new Map<string, number[]>();
        let piece = 0;
        for (let at = 0; at < of.length; at += 2) {
          if (Number.isNaN(of[at + 1]!)) piece += Number(at > 0 && !Number.isNaN(of[at - 1]!));
          else {
            const name = `${piece} ${Math.floor(of[at]!)}`;
            found.set(name, [...(found.get(name) ?? []), of[at + 1]!]);
          }
        }
        return [...found.values()].map((each) =>
          [each[0], Math.min(...each), Math.max(...each), each.at(-1)].join(" "),
        );
      };

      const thinned = thin(path);

      expect(pieces(thinned)).toEqual(pieces(path));
      expect(thinned.length).toBeLessThanOrEqual(path.length);
    }),
  );
});

test("a band ends where a value is missing and begins again after it", () => {
  const p = plot(axes());
  const low = Float64Array.of(0, 0, NaN, 0, 0);
  const high = Float64Array.of(1, 1, NaN, 1, 1);

  const outline = bandPath(p, Float64Array.of(0, 1, 2, 3, 4), { low, high });

  expect([...outline].filter(Number.isNaN).length).toBe(4); // two outlines
  expect(outline.length).toBe(20);
});

test("what the axis cuts off or cannot show is counted", () => {
  const p = plot(axes());

  expect(hidden(p, [line("a", [0, 5, 11], [0.5, 7, 9])])).toBe(1);
  expect(notPositive([line("a", [0, 1, 2], [0, -1, 1])])).toBe(2);
});

test("the nearest line to the pointer comes first, also far from its points", () => {
  const p = plot(axes());
  const lines = [line("far", [0, 10], [1, 1]), line("near", [0, 10], [0, 0.5])];

  const found = hits(p, lines, pixelX(p, 5), pixelY(p, 0.25));

  expect(found.map((hit) => hit.line.id)).toEqual(["near", "far"]);
  expect(found[0]!.distance).toBeCloseTo(0, 6);
});

test("a run that ended long before the crosshair is not told", () => {
  const p = plot(axes());

  expect(hits(p, [line("short", [0, 1], [0, 1])], pixelX(p, 9), 50)).toEqual([]);
});

test("the keyboard steps over values that are no numbers", () => {
  const values = line("a", [0, 1, 2, 3], [1, NaN, NaN, 4]);

  expect(step(values, 0, 1)).toBe(3);
  expect(step(values, 3, -1)).toBe(0);
  expect(step(values, 3, 1)).toBe(3);
});

test("a tooltip stays in its frame and off its point", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(200), (x, y) => {
      const box = { width: 120, height: 60 };
      const { left, top } = placeNextTo({ x, y }, box, { width: 300, height: 200 });

      expect(left).toBeGreaterThanOrEqual(0);
      expect(left + box.width).toBeLessThanOrEqual(300);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(top + box.height).toBeLessThanOrEqual(200);
      expect(x < left || x > left + box.width).toBe(true);
    }),
  );
});

test("an SVG of hostile names holds no element but its own", () => {
  const hostile = `</text><script>alert(1)</script>" onload="x" \u0000 \ud800`;
  const pen = new SvgPen(400, 200);
  paint(pen, plot(axes()), [line(hostile, [0, 1], [0, 1])], THEME, { highlighted: null, isSmoothed: false });
  pen.text(hostile, 0, 0, { colour: hostile, size: 11, align: "left", baseline: "top" });

  const text = pen.document(hostile);

  expect(text).not.toMatch(/<script|onload="/);
  expect(text).toContain("&lt;script&gt;");
  expect(escape("\u0000\ud800")).toBe("\ufffd\ufffd");
});

test("bands are drawn up to five lines; above, the highlighted one alone has its band", () => {
  const lines = Array.from({ length: 6 }, (_, at) =>
    line(String(at), [0, 1], [0, 1], { band: { low: Float64Array.of(0, 0), high: Float64Array.of(1, 1) } }),
  );
  const fills = (shown: Line[], highlighted: string | null) => {
    const pen = new SvgPen(400, 200);
    paint(pen, plot(axes()), shown, THEME, { highlighted, isSmoothed: false });
    return pen.document("").match(/fill-opacity="0.15"/g)?.length ?? 0;
  };

  expect([fills(lines.slice(1), null), fills(lines, null), fills(lines, "3")]).toEqual([5, 0, 1]);
});

test("a highlighted line is drawn last and the others fade", () => {
  const pen = new SvgPen(400, 200);
  paint(pen, plot(axes()), [line("a", [0, 1], [0, 1]), line("b", [0, 1], [1, 0], { colour: "#bbbbbb" })], THEME, {
    highlighted: "a",
    isSmoothed: false,
  });

  const paths = pen.document("").match(/<path[^>]*(#123456|#bbbbbb)[^>]*>/g)!;

  expect(paths.length).toBe(2);
  expect(paths[1]).toContain('stroke-width="2.5"');
  expect(paths[0]).toContain('stroke-opacity="0.25"');
});
