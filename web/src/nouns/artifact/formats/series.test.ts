import { expect, test } from "vitest";
import { seriesOf, seriesWith } from "./series";

test("what log_image wrote is one series by step, without the small copies", () => {
  const found = seriesOf([
    "images/dog%step%10%timestamp%1700000000000%a1.png",
    "images/dog%step%10%timestamp%1700000000000%a1%compressed.webp",
    "images/dog%step%2%timestamp%1700000000001%b2.png",
    "images/cat+step+1+timestamp+1700000000001+b2.png",
  ]);

  expect(found).toEqual([
    {
      key: "images/dog",
      frames: [
        { path: "images/dog%step%2%timestamp%1700000000001%b2.png", step: 2 },
        { path: "images/dog%step%10%timestamp%1700000000000%a1.png", step: 10 },
      ],
    },
  ]);
});

test("images whose names differ in their last number are a series, others are none", () => {
  const found = seriesOf(["p/epoch_2.png", "p/epoch_10.png", "p/matrix.png", "p/epoch_3.txt", "q/epoch_4.png"]);

  expect(found).toEqual([
    {
      key: "p/epoch_*.png",
      frames: [
        { path: "p/epoch_2.png", step: 2 },
        { path: "p/epoch_10.png", step: 10 },
      ],
    },
  ]);
  expect(seriesWith(found, "p/epoch_10.png")).toBe(found[0]);
  expect(seriesWith(found, "p/matrix.png")).toBeUndefined();
});
