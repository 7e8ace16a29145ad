import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatHash, href, parseHash, pattern, withQuery } from "./address";

describe("addresses", () => {
  test("a link of MLflow's client opens its run", () => {
    const { path, query } = parseHash("#/experiments/7/runs/0af3?workspace=team");

    expect(pattern("experiments/:experiment/runs/:run").match(path)).toEqual({ experiment: "7", run: "0af3" });
    expect(query.get("workspace")).toBe("team");
  });

  test("the link that an evaluation prints opens its run", () => {
    const { path, query } = parseHash("#/experiments/7/evaluation-runs?selectedRunUuid=0af3&workspace=team");

    expect(pattern("experiments/:experiment/runs/:run").match(path)).toEqual({ experiment: "7", run: "0af3" });
    expect([...query]).toEqual([["workspace", "team"]]);
    expect(parseHash("#/experiments/7/evaluation-runs").path).toBe("/experiments/7");
  });

  test("a pattern takes whole paths only", () => {
    const page = pattern("models/:name");

    expect(page.match("/models")).toBeNull();
    expect(page.match("/models/a/versions")).toBeNull();
    expect(page.match("/experiments/a")).toBeNull();
    expect(pattern("").match("/")).toEqual({});
  });

  test("a rest has its slashes", () => {
    expect(pattern("runs/:run/*path").match("/runs/1/a/b%20c")).toEqual({ run: "1", path: "a/b c" });
    expect(pattern("runs/:run/*path").match("/runs/1")).toEqual({ run: "1", path: "" });
  });

  test("any name survives its link", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (name) => {
        expect(pattern("models/:name").match(parseHash(href("models", name)).path)).toEqual({ name });
      }),
    );
  });

  test("any query survives its link", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ minLength: 1 })), (values) => {
        const { query } = parseHash(withQuery("#/x", values));
        expect(Object.fromEntries(query)).toEqual(Object.fromEntries(Object.entries(values)));
      }),
    );
  });

  test("an empty value leaves the query", () => {
    expect(withQuery("#/x?a=1&b=2", { a: null, b: "" })).toBe("#/x");
    expect(formatHash(parseHash("#/x?a=1"))).toBe("#/x?a=1");
  });
});
