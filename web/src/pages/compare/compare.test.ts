import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: { dataset: {} }, baseURI: "http://localhost/" });
vi.stubGlobal("navigator", { languages: ["en"] });
const { bestLast, change, extremes, fieldsOf, firstAxes, targetFirst, varies } = await import("./values");

function run(id: string, metrics: Record<string, number | "NaN">, params: Record<string, string>) {
  const list = <T>(of: Record<string, T>) => Object.entries(of).map(([key, value]) => ({ key, value }));
  return {
    info: { run_id: id },
    data: { metrics: list(metrics), params: list(params), tags: [{ key: "mlflow.user", value: id }] },
  } as never;
}

test("runs stand side by side, and what one lacks is empty", () => {
  const fields = fieldsOf([
    run("a", { loss: 0.5 }, { lr: "0.1", seed: "1" }),
    run("b", { loss: "NaN" }, { lr: "0.1" }),
  ]);

  expect(fields.map((field) => [field.id, ...field.values, varies(field)])).toEqual([
    ["metrics.loss", 0.5, NaN, true],
    ["params.lr", "0.1", "0.1", false],
    ["params.seed", "1", null, true],
  ]);
});

test("metrics of the machine come after those of the model", () => {
  const metrics = { "system/cpu": 1, val: 1, "system/gpu": 2, train: 2 };

  const fields = fieldsOf([run("a", metrics, { "system/x": "1" })]);

  expect(fields.map((field) => field.key)).toEqual(["system/x", "train", "val", "system/cpu", "system/gpu"]);
});

test("NaN in all runs is no difference", () => {
  expect(varies(fieldsOf([run("a", { loss: "NaN" }, {}), run("b", { loss: "NaN" }, {})])[0]!)).toBe(false);
});

test("metrics differ by a sum, params that are numbers by a factor, words by nothing", () => {
  expect(change("metric", 0.9, 1, String)).toMatch(/^−0\.0?99/);
  expect(change("param", "0.3", "0.1", (value) => value.toFixed(1))).toBe("×3.0");
  expect(change("param", "adam", "sgd", String)).toBe("");
  expect(change("metric", NaN, 1, String)).toBe("");
});

test("the highest and the lowest are numbers, and told only where they differ", () => {
  expect(extremes([1, NaN, 3, null])).toEqual({ highest: 2, lowest: 0 });
  expect(extremes([1, 1])).toBeNull();
});

test("what runs are compared by is the last axis, and the first metric of other plots", () => {
  const fields = fieldsOf([run("a", { auc: 1, loss: 2, mcc: 3 }, { lr: "1", seed: "2" })]);

  expect(firstAxes(targetFirst(fields, "metrics.loss"), 6).map((field) => field.key)).toEqual([
    "lr",
    "seed",
    "auc",
    "loss",
  ]);
  expect(firstAxes(targetFirst(fields, "params.seed"), 3).map((field) => field.key)).toEqual(["seed", "loss", "auc"]);
  expect(targetFirst(fields, null)).toEqual(fields);
});

test("the best run is drawn last, by the order of the table, and runs without the value first", () => {
  const [auc] = fieldsOf([
    run("a", { auc: 0.9 }, {}),
    run("b", {}, {}),
    run("c", { auc: 0.2 }, {}),
    run("d", { auc: "NaN" }, {}),
  ]);
  const opt = { id: "params.opt", kind: "param", key: "opt", values: ["sgd", "adam"] } as const;

  expect(auc && bestLast(auc, { field: "metrics.auc", direction: "desc" })).toEqual([1, 3, 2, 0]);
  expect(auc && bestLast(auc, { field: "metrics.auc", direction: "asc" })).toEqual([1, 3, 0, 2]);
  expect(auc && bestLast(auc, { field: "metrics.loss", direction: "asc" })).toEqual([1, 3, 2, 0]);
  expect(bestLast(opt, undefined)).toEqual([1, 0]);
});
