import { expect, test } from "vitest";
import { nextStage } from "./stages";

const stages = ["None", "Staging", "Canary", "Production", "Archived"].map((name) => ({ name }));

test("the stage that is offered is the next one, and never the archive", () => {
  expect(stages.map(({ name }) => nextStage(name, stages))).toEqual([
    "Staging",
    "Canary",
    "Production",
    undefined,
    undefined,
  ]);
});

test("a stage that was removed from the list has no next one", () => {
  expect(nextStage("Shadow", stages)).toBeUndefined();
});
