/** The questions of reviewers, as the calls answer them, and what was answered.  Pure: whatever the server sends, nothing throws. */

export type Kind = "pass_fail" | "categorical" | "numeric" | "text";
export type Value = string | number | boolean | string[];

export interface Question {
  id: string;
  name: string;
  isExpectation: boolean;
  instruction: string;
  hasComment: boolean;
  isDefault: boolean;
  kind: Kind;
  /** Of pass and fail: the word for each. */
  words: { pass: string; fail: string };
  options: string[];
  isMany: boolean;
  min: number | null;
  max: number | null;
  maxLength: number | null;
}

/** The user's input: texts as they are in the form. */
export interface Answer {
  chosen: string[];
  text: string;
  comment: string;
}

export const NO_ANSWER: Answer = { chosen: [], text: "", comment: "" };
export const PASS = "pass";
export const FAIL = "fail";
const KINDS: readonly Kind[] = ["pass_fail", "categorical", "numeric", "text"];

type Json = Record<string, unknown>;
const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number | null => (typeof value === "number" ? value : null);

export function questionOf(value: unknown): Question {
  const given = object(value);
  const input = object(given["input"]);
  const kind = KINDS.find((each) => each in input) ?? "text";
  const asked = object(input[kind]);
  return {
    id: text(given["schema_id"]),
    name: text(given["name"]),
    isExpectation: given["type"] === "EXPECTATION",
    instruction: text(given["instruction"]),
    hasComment: given["enable_comment"] === true,
    isDefault: given["is_default"] === true,
    kind,
    words: { pass: text(asked["positive_label"]), fail: text(asked["negative_label"]) },
    options: Array.isArray(asked["options"]) ? asked["options"].map(String) : [],
    isMany: asked["multi_select"] === true,
    min: number(asked["min_value"]),
    max: number(asked["max_value"]),
    maxLength: number(asked["max_length"]),
  };
}

/** The value of an answer; undefined for a question that was left open. */
export function valueOf(question: Question, answer: Answer): Value | undefined {
  const [first] = answer.chosen;
  switch (question.kind) {
    case "pass_fail":
      return first === undefined ? undefined : first === PASS;
    case "categorical":
      if (question.isMany)
        return answer.chosen.length ? question.options.filter((each) => answer.chosen.includes(each)) : undefined;
      return first;
    case "numeric": {
      const typed = answer.text.trim();
      return typed && Number.isFinite(Number(typed)) ? Number(typed) : undefined;
    }
    case "text":
      return answer.text.trim() || undefined;
  }
}

/** The assessment for an answer. */
export function assessmentOf(question: Question, value: Value, comment: string, user: string): Json {
  return {
    assessment_name: question.name,
    source: { source_type: "HUMAN", source_id: user },
    ...(question.isExpectation ? { expectation: said(value) } : { feedback: { value } }),
    ...(comment.trim() ? { rationale: comment.trim() } : {}),
  };
}

/** Lists travel as JSON in a text, as MLflow's client sends them. */
function said(value: Value): Json {
  if (!Array.isArray(value)) return { value };
  return { serialized_value: { serialization_format: "JSON_FORMAT", value: JSON.stringify(value) } };
}

/** A question as a form has it.  An empty field of a number is null or undefined. */
export interface Draft {
  name: string;
  type: "FEEDBACK" | "EXPECTATION";
  instruction: string;
  hasComment: boolean;
  kind: Kind;
  pass: string;
  fail: string;
  /** One a line. */
  options: string;
  isMany: boolean;
  min: number | null | undefined;
  max: number | null | undefined;
  maxLength: number | null | undefined;
}

export function draftOf(question?: Question): Draft {
  return {
    name: question?.name ?? "",
    type: question?.isExpectation ? "EXPECTATION" : "FEEDBACK",
    instruction: question?.instruction ?? "",
    hasComment: question?.hasComment ?? false,
    kind: question?.kind ?? "pass_fail",
    pass: question?.words.pass ?? "",
    fail: question?.words.fail ?? "",
    options: (question?.options ?? []).join("\n"),
    isMany: question?.isMany ?? false,
    min: question?.min,
    max: question?.max,
    maxLength: question?.maxLength,
  };
}

/** The input of a question, as the calls take it.  `usual` are the words for pass and fail where none are given. */
export function inputOf(draft: Draft, usual: { pass: string; fail: string }): Json {
  switch (draft.kind) {
    case "pass_fail":
      return {
        pass_fail: {
          positive_label: draft.pass.trim() || usual.pass,
          negative_label: draft.fail.trim() || usual.fail,
        },
      };
    case "categorical":
      return { categorical: { options: linesOf(draft.options), ...(draft.isMany ? { multi_select: true } : {}) } };
    case "numeric":
      return {
        numeric: {
          ...(typeof draft.min === "number" ? { min_value: draft.min } : {}),
          ...(typeof draft.max === "number" ? { max_value: draft.max } : {}),
        },
      };
    case "text":
      return { text: typeof draft.maxLength === "number" ? { max_length: draft.maxLength } : {} };
  }
}

export function linesOf(typed: string): string[] {
  return typed
    .split("\n")
    .map((each) => each.trim())
    .filter(Boolean);
}
