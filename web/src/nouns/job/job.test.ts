import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["es-ES"] });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
const { locale } = await import("@/i18n/catalogue.svelte");
const { jobTitle, messageText, progressText, reasonText, titleText } = await import("./job");
const { pauseText } = await import("./timing");

test("the reason of the server for a pause is in the language that is shown", async () => {
  await locale.choose("es");

  expect(pauseText("ann, who created it, does not have a/b/write in the whole workspace")).toBe(
    "A ann, su autor, no se le permite a/b/write en todo el espacio de trabajo.",
  );
  expect(pauseText("ann, who created it, is disabled")).toBe("La cuenta de ann, su autor, está desactivada.");
  expect(pauseText("the user who created it was deleted")).toBe("La cuenta de su autor se ha eliminado.");
  expect(pauseText("kind x is unknown")).toBe("kind x is unknown");
});

test("why a job ended is told in the language that is shown, and the server's words where it gives no key", async () => {
  const killed = { key: "job-killed", values: { signal: "9" }, attempts: 3 };
  const job = { reason: "The process was killed. The job was tried 3 times.", cause: killed };

  await locale.choose("es");
  expect(await reasonText(job)).toBe("La señal 9 terminó el proceso del trabajo. El trabajo se intentó 3 veces.");
  expect(await reasonText({ reason: "It rains.", cause: { error_code: "PERMISSION_DENIED" } })).toBe(
    "No tiene permiso para hacer esto. El servidor dice: «It rains.»",
  );
  expect(await reasonText({ reason: "It rains." })).toBe("It rains.");
  await locale.choose("en");
  expect(await reasonText(job)).toBe(job.reason);
});

test("what a running job does is told in the language that is shown", async () => {
  const doing = (message_key: string) =>
    ({ progress: { done: 0, message: "It rains.", message_key, message_values: { callers: "4" } } }) as never;

  await locale.choose("es");
  expect(messageText(doing("requests"))).toBe("Enviando peticiones, 4 a la vez.");
  expect(messageText(doing("of-tomorrow"))).toBe("It rains.");
});

test("the title that the server gives a kind of jobs is in the language that is shown", async () => {
  await locale.choose("es");

  expect(jobTitle({ kind: "empty-trash", title: "Empty the trash" })).toBe("Vaciar la papelera");
  expect(jobTitle({ kind: "empty-trash", title: "tidy: Empty the trash" })).toBe("tidy: Vaciar la papelera");
  expect(jobTitle({ kind: "score", title: "Nightly scores" })).toBe("Nightly scores");
  expect(jobTitle({ kind: "of-tomorrow", title: "Empty the trash" })).toBe("Empty the trash");
  expect(jobTitle({ kind: "drift", title: "daily: Compare with a baseline" })).toBe(
    "daily: Comparar con una referencia",
  );
});

test("so is a title that the server makes of the parameters", async () => {
  await locale.choose("es");

  expect(jobTitle({ kind: "workspace-deletion", title: "Delete workspaces a, b" })).toBe(
    "Eliminar los espacios de trabajo a, b",
  );
  expect(jobTitle({ kind: "project", title: "Run main of a project" })).toBe("Ejecutar main de un proyecto");
  expect(jobTitle({ kind: "drift", title: "Monitor iris" })).toBe("Monitor iris");
  expect(jobTitle({ kind: "profile", title: "Profile models:/iris/2" })).toBe("Medir models:/iris/2");
  expect(jobTitle({ kind: "score", title: "Score t.csv with models:/iris/2" })).toBe(
    "Puntuar t.csv con models:/iris/2",
  );
  expect(jobTitle({ kind: "score", title: "Delete workspaces a" })).toBe("Delete workspaces a");
});

test("so is a title in a list that does not name the kind", async () => {
  await locale.choose("es");

  expect(titleText("tidy: Empty the trash")).toBe("tidy: Vaciar la papelera");
  expect(titleText("Nightly scores")).toBe("Nightly scores");
});

test("so is the unit of its progress", async () => {
  await locale.choose("es");
  const job = { state: "succeeded", progress: { done: 5, total: 9, unit: "rows" } };

  expect(progressText(job as never)).toBe("5 de 9 filas");
});
