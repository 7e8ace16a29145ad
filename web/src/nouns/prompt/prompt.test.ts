import { expect, test } from "vitest";
import { ownTags, piecesOf, promptCode, promptOf, textOf } from "./prompt";

const tags = (text: string, type = "text") => [
  { key: "mlflow.prompt.is_prompt", value: "true" },
  { key: "mlflow.prompt.text", value: text },
  { key: "_mlflow_prompt_type", value: type },
  { key: "team", value: "nlp" },
];

test("a text prompt is one message, with its variables", () => {
  const text = "Sum {{ text }} in {{n}} of {{ text }}.";
  expect(promptOf(tags(text))).toEqual({
    messages: [{ role: "", content: text }],
    text,
    variables: ["text", "n"],
    responseFormat: "",
    modelConfig: "",
  });
});

test("a chat prompt has the roles of its messages", () => {
  const text = JSON.stringify([
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "{{ q }}" }] },
  ]);

  expect(promptOf(tags(text, "chat"))).toMatchObject({
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: '[{"type":"text","text":"{{ q }}"}]' },
    ],
    variables: ["q"],
  });
});

test("variables are marked as MLflow reads them, and no character is lost", () => {
  const text = "{{ a.b }}: {{2}} {{ <b> }}{{c}}!";

  const pieces = piecesOf(text);

  expect(pieces.filter((each) => each.isVariable).map((each) => each.text)).toEqual(["{{ a.b }}", "{{c}}"]);
  expect(pieces.map((each) => each.text).join("")).toBe(text);
});

test("a chat is compared by its messages, a text as it is", () => {
  const chat = JSON.stringify([
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi" },
  ]);

  expect(textOf(promptOf(tags(chat, "chat"))!)).toBe("system:\nBe brief.\n\nuser:\nHi\n");
  expect(textOf(promptOf(tags("a\nb"))!)).toBe("a\nb");
});

test("settings are indented unless that changes a number", () => {
  const about = [
    { key: "_mlflow_prompt_response_format", value: '{"type": "object"}' },
    { key: "_mlflow_prompt_model_config", value: '{"temperature": 1.0}' },
  ];

  expect(promptOf([...tags("x"), ...about])).toMatchObject({
    responseFormat: '{\n  "type": "object"\n}',
    modelConfig: '{"temperature": 1.0}',
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
