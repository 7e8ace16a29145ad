import { expect, test } from "vitest";
import { metricColumns, metricOf, orderOf, paramColumns, type LoggedModel } from "./columns";

function model(params: Record<string, string>, metrics: [string, number, number, string?][] = []): LoggedModel {
  return {
    info: { model_id: "m-1", experiment_id: "1", name: "m", tags: [] },
    data: {
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
      metrics: metrics.map(([key, value, step, dataset]) => ({
        key,
        value,
        step,
        timestamp: 1,
        model_id: "m-1",
        ...(dataset ? { dataset_name: dataset, dataset_digest: "1f" } : {}),
      })),
    },
  } as unknown as LoggedModel;
}

test("each metric has a column for each dataset, with its newest value", () => {
  const one = model({}, [["acc", 0.5, 0, "train"], ["acc", 0.75, 2, "train"], ["acc", 0.25, 9]]); // prettier-ignore
  const columns = metricColumns([one, model({}, [["acc", 1, 0, "test"]])]);

  expect(columns.map(({ key, dataset }) => [key, dataset])).toEqual([["acc", ""], ["acc", "test"], ["acc", "train"]]); // prettier-ignore
  expect(columns.map((column) => metricOf(one, column))).toEqual([0.25, undefined, 0.75]);
});

test("params have a column where models differ in them", () => {
  expect(paramColumns([model({ lr: "1", seed: "7" }), model({ lr: "2", seed: "7" }), model({ seed: "7" })])).toEqual([
    "lr",
  ]);
  expect(paramColumns([model({ lr: "1" })])).toEqual(["lr"]);
});

test("an order of the address is that of the call, and a strange one is the newest first", () => {
  expect(orderOf({ field: '["acc","iris","1f"]', direction: "desc" })).toEqual({
    field_name: "metrics.acc",
    ascending: false,
    dataset_name: "iris",
    dataset_digest: "1f",
  });
  expect(orderOf({ field: "name", direction: "asc" })).toEqual({ field_name: "name", ascending: true });
  expect(orderOf({ field: "{}", direction: "asc" })).toEqual(orderOf(undefined));
});
