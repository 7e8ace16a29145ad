import { expect, test } from "vitest";
import { ownTags, promptCode, promptOf } from "./prompt";

const tags = (text: string, type = "text") => [
  { key: "mlflow.prompt.is_prompt", value: "true" },
  { key: "mlflow.prompt.text", value: text },
  { key: "_mlflow_prompt_type", value: type },
  { key: "team", value: "nlp" },
];

test("a text prompt is one message, with its variables", () => {
  expect(promptOf(tags("Sum {{ text }} in {{n}} of {{ text }}."))).toEqual({
    messages: [{ role: "", content: "Sum {{ text }} in {{n}} of {{ text }}." }],
    variables: ["text", "n"],
  });
});

test("a chat prompt has the roles of its messages", () => {
  const text = JSON.stringify([
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "{{ q }}" }] },
  ]);

  expect(promptOf(tags(text, "chat"))).toEqual({
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: '[{"type":"text","text":"{{ q }}"}]' },
    ],
    variables: ["q"],
  });
});

test("what is no chat is shown as it is, and what has no mark is no prompt", () => {
  expect(promptOf(tags("{", "chat"))?.messages).toEqual([{ role: "", content: "{" }]);
  expect(promptOf([{ key: "team", value: "nlp" }])).toBeUndefined();
});

test("tags of MLflow are not those of people", () => {
  expect(ownTags(tags("x"))).toEqual([{ key: "team", value: "nlp" }]);
});

test("code loads a version by its alias or number", () => {
  expect(promptCode("http://h", "sum", "@live", ["text", "a.b"])).toContain('load_prompt("prompts:/sum@live")');
  expect(promptCode("http://h", "sum", "2", ["text"])).toContain('prompt.format(text="…")');
});
