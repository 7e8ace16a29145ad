import { describe, expect, it } from "vitest";
import { assessmentOf, draftOf, inputOf, NO_ANSWER, PASS, questionOf, valueOf } from "./schema";

const asked = (input: unknown, more: object = {}) => questionOf({ schema_id: "ls-1", name: "q", input, ...more });

describe("questionOf", () => {
  it("reads each kind of input", () => {
    expect(asked({ pass_fail: { positive_label: "Good", negative_label: "Bad" } }).words).toEqual({
      pass: "Good",
      fail: "Bad",
    });
    expect(asked({ categorical: { options: ["a", "b"], multi_select: true } })).toMatchObject({
      options: ["a", "b"],
      isMany: true,
    });
    expect(asked({ numeric: { min_value: 1, max_value: 5 } })).toMatchObject({ kind: "numeric", min: 1, max: 5 });
    expect(asked({ text: { max_length: 9 } }).maxLength).toBe(9);
  });

  it("takes what it does not know for a text", () => {
    expect(questionOf(null)).toMatchObject({ id: "", kind: "text", options: [] });
  });
});

describe("valueOf", () => {
  it("gives what was answered, by the kind of question", () => {
    expect(valueOf(asked({ pass_fail: {} }), { ...NO_ANSWER, chosen: [PASS] })).toBe(true);
    expect(valueOf(asked({ categorical: { options: ["a", "b"] } }), { ...NO_ANSWER, chosen: ["b"] })).toBe("b");
    const many = asked({ categorical: { options: ["a", "b", "c"], multi_select: true } });
    expect(valueOf(many, { ...NO_ANSWER, chosen: ["c", "a"] })).toEqual(["a", "c"]);
    expect(valueOf(asked({ numeric: {} }), { ...NO_ANSWER, text: " 2.5 " })).toBe(2.5);
    expect(valueOf(asked({ text: {} }), { ...NO_ANSWER, text: " fine " })).toBe("fine");
  });

  it("gives nothing for an open question", () => {
    for (const input of [{ pass_fail: {} }, { categorical: { options: ["a"] } }, { numeric: {} }, { text: {} }])
      expect(valueOf(asked(input), { ...NO_ANSWER, text: "numeric" in input ? "two" : "" })).toBeUndefined();
  });
});

describe("assessmentOf", () => {
  it("is feedback, or an expectation with lists as JSON", () => {
    const source = { source_type: "HUMAN", source_id: "ada" };
    expect(assessmentOf(asked({ text: {} }), "fine", " why ", "ada")).toEqual({
      assessment_name: "q",
      source,
      feedback: { value: "fine" },
      rationale: "why",
    });
    expect(assessmentOf(asked({ text: {} }, { type: "EXPECTATION" }), ["a"], "", "ada")).toEqual({
      assessment_name: "q",
      source,
      expectation: { serialized_value: { serialization_format: "JSON_FORMAT", value: '["a"]' } },
    });
  });
});

describe("inputOf", () => {
  const usual = { pass: "Pass", fail: "Fail" };
  const drafted = (input: object) => draftOf(asked(input));

  it("makes the input of a question again", () => {
    for (const input of [
      { pass_fail: { positive_label: "Right", negative_label: "Wrong" } },
      { categorical: { options: ["a", "b"] } },
      { categorical: { options: ["a"], multi_select: true } },
      { numeric: { min_value: 0, max_value: 5 } },
      { numeric: {} },
      { text: { max_length: 80 } },
      { text: {} },
    ])
      expect(inputOf(drafted(input), usual)).toEqual(input);
  });

  it("says the usual words for pass and fail where none are given", () => {
    expect(inputOf(draftOf(), usual)).toEqual({ pass_fail: { positive_label: "Pass", negative_label: "Fail" } });
  });

  it("leaves out blank lines of options", () => {
    const draft = { ...draftOf(), kind: "categorical" as const };
    expect(inputOf({ ...draft, options: " a \n\nb" }, usual)).toEqual({ categorical: { options: ["a", "b"] } });
  });
});
