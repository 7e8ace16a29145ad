import { parquetReadObjects } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { columnsOf } from "./parquet";

test("a table is read back from its Parquet file as it was", async () => {
  const content = parquetWriteBuffer({
    columnData: columnsOf({
      info: {
        run_id: ["a", "b", "c"],
        run_name: ["swift-fox", "calm-elk", "<b>ñ</b>"],
        experiment_id: ["1", "1", "1"],
        status: ["FINISHED", "RUNNING", "FAILED"],
        user_id: ["ana", "", "bo"],
        start_time: [1_760_000_000_000, 1, null],
        end_time: [null, 2, 3],
      },
      fields: ["metrics.loss", "params.lr", "min(metrics.loss)"],
      cells: [
        [0.5, "NaN", null],
        ["1e-3", null, "x"],
        ["-Infinity", 1, 2],
      ],
      matching: 3,
      total: 3,
    }),
  });

  const rows = await parquetReadObjects({ file: content });

  expect(rows.map((row) => [row["run_name"], row["metrics.loss"], row["params.lr"], row["min(metrics.loss)"]])).toEqual(
    [
      ["swift-fox", 0.5, "1e-3", -Infinity],
      ["calm-elk", NaN, null, 1],
      ["<b>ñ</b>", null, "x", 2],
    ],
  );
  expect(rows.map((row) => row["start_time"])).toEqual([new Date(1_760_000_000_000), new Date(1), null]);
});
