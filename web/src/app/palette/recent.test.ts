import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: { dataset: {} } });
const { parse, withVisit } = await import("./recent");

const visit = (link: string) => ({ link, label: link, hint: "" });

test("the last page is first, once, and only some are kept", () => {
  const many = Array.from({ length: 20 }, (_, at) => visit(`#/experiments/${at}`)).reduce(withVisit, [] as never);

  expect(many).toHaveLength(8);
  expect(
    withVisit(many, visit("#/experiments/15?q=a"))
      .map((each) => each.link)
      .slice(0, 2),
  ).toEqual(["#/experiments/15?q=a", "#/experiments/19"]);
});

test("what another version or a hand has kept does no harm", () => {
  expect(parse(null)).toEqual([]);
  expect(parse("{")).toEqual([]);
  expect(parse('[1, {"link": "javascript:alert(1)", "label": "x", "hint": ""}]')).toEqual([]);
  expect(parse('[{"link": "#/models", "label": "Models", "hint": ""}]')).toEqual([
    { link: "#/models", label: "Models", hint: "" },
  ]);
});
