import { expect, test } from "vitest";
import type { Line } from "../scene/line";
import { SvgPen } from "../scene/svg";
import { fromPoints } from "../series/series";
import { cell, fileName, toCsv } from "./csv";
import { barsOf } from "../card/bars";
import { DEFAULTS } from "../settings";
import { drawPicture, pictureHeight, type Picture } from "./picture";

function line(id: string, label: string): Line {
  const series = fromPoints(id, "loss", [0, 1], [0.5, NaN]);
  return { id, label, colour: "#123456", dash: [], series, values: series.last, band: null, isColoured: true };
}

test("a CSV has a row for each point, NaN too, and quotes what needs it", () => {
  expect(toCsv([line("r1", 'a "b", c')], "step")).toBe(
    "run_id,run,metric,step,value,min,max,points\r\n" +
      'r1,"a ""b"", c",loss,0,0.5,0.5,0.5,1\r\n' +
      'r1,"a ""b"", c",loss,1,NaN,NaN,NaN,1\r\n',
  );
});

test("no name becomes a formula in a spreadsheet", () => {
  expect(cell("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
  expect(cell("-5")).toBe("-5");
});

test("a name of a file keeps no path and no control character", () => {
  expect(fileName("../../etc/pass\u0000wd\u202e", "svg")).toBe("_.._etc_pass_wd_.svg");
  expect(fileName("train/loss", "png")).toBe("train_loss.png");
  expect(fileName("...", "csv")).toBe("chart.csv");
});

function pictureOf(lines: readonly Line[]): Picture {
  return {
    title: "loss",
    notes: "2 points, exact",
    origin: "http://server/#/x",
    axes: {
      width: 300, height: 200, locale: "en",
      x: { kind: "step", scale: "linear", range: { low: 0, high: 1 }, label: "Step" },
      y: { scale: "linear", range: { low: 0, high: 1 }, linearBelow: 1 },
    },
    lines,
    bars: barsOf(lines, DEFAULTS)?.map((bar) => ({ ...bar, text: String(bar.value) })) ?? null,
    look: { highlighted: null, isSmoothed: false },
    theme: { surface: "#fff", line: "#ddd", axis: "#888", text: "#111", text2: "#444", muted: "#666", warning: "#a60", runs: [] },
  }; // prettier-ignore
}

function drawn(picture: Picture): string {
  const pen = new SvgPen(332, pictureHeight(picture));
  drawPicture(pen, picture);
  return pen.document(picture.title);
}

test("a picture has title, notes, each run with its id, and where it came from", () => {
  const text = drawn(pictureOf(Array.from({ length: 50 }, (_, at) => line(`id-${at}`, `run ${at}`))));

  for (const wanted of ["loss", "2 points, exact", "run 0  id-0", "run 39  id-39", "+10", "http://server/#/x"]) {
    expect(text).toContain(`>${wanted}<`);
  }
  expect(text).not.toContain("run 40");
});

test("a picture of runs that have logged once has a bar, the name and the value of each, the greatest first", () => {
  const once = (id: string, value: number): Line => {
    const series = fromPoints(id, "auc", [0], [value]);
    return { ...line(id, `run ${id}`), series, values: series.last };
  };
  const text = drawn(pictureOf([once("a", 0.25), once("b", 0.5), once("c", NaN)]));

  expect([...text.matchAll(/>(run .) {2}.<|>(0\.\d+|NaN)</g)].map(([, name, value]) => name ?? value)).toEqual([
    ...["run b", "0.5", "run a", "0.25", "run c", "NaN"],
  ]);
  const widths = [...text.matchAll(/<rect[^>]* width="([\d.]+)"[^>]*fill="#123456"/g)].map(([, width]) =>
    Number(width),
  );
  expect(widths.map((width) => width / (widths[0] ?? 1))).toEqual([1, 0.5, expect.closeTo(0, 1)]);
  expect(text).not.toContain("<circle");
});
