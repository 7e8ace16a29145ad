import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["es-ES"] });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
const { locale } = await import("@/i18n/catalogue.svelte");
const { jobTitle, progressText } = await import("./job");

test("the title that the server gives a kind of jobs is in the language that is shown", async () => {
  await locale.choose("es");

  expect(jobTitle({ kind: "empty-trash", title: "Empty the trash" })).toBe("Vaciar la papelera");
  expect(jobTitle({ kind: "empty-trash", title: "tidy: Empty the trash" })).toBe("tidy: Vaciar la papelera");
  expect(jobTitle({ kind: "score", title: "Nightly scores" })).toBe("Nightly scores");
  expect(jobTitle({ kind: "of-tomorrow", title: "Empty the trash" })).toBe("Empty the trash");
});

test("so is the unit of its progress", async () => {
  await locale.choose("es");
  const job = { state: "succeeded", progress: { done: 5, total: 9, unit: "rows" } };

  expect(progressText(job as never)).toBe("5 de 9 filas");
});
