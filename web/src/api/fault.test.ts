import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
const { locale } = await import("@/i18n/catalogue.svelte");
const { faultText } = await import("./fault");
const { shell } = await import("@/i18n/shell");
const { withoutLead } = await import("./failure");

const TAKEN = {
  error_code: "RESOURCE_ALREADY_EXISTS",
  message: "Experiment(name=iris) already exists.",
  reason: { key: "taken", values: { kind: "experiment", name: "iris" } },
};

test("in English a fault is told in the server's words", async () => {
  await locale.choose("en");

  expect(await faultText(TAKEN)).toBe(TAKEN.message);
});

test("in another language by its reason, else by its code, with the server's words", async () => {
  await locale.choose("es");

  expect(await faultText(TAKEN)).toBe("Ya existe un experimento con el nombre «iris».");
  expect(await faultText({ ...TAKEN, reason: { key: "of-tomorrow" } })).toBe(
    "Ya existe. El servidor dice: «Experiment(name=iris) already exists.»",
  );
  expect(await faultText({ error_code: "PERMISSION_DENIED", message: "Permission denied." })).toBe(
    "No tiene permiso para hacer esto.",
  );
  const reason = { key: "filter-syntax", values: { text: "<<", expected: "a comparison", at: "14" } };
  expect(await faultText({ message: "Invalid clause(s)", reason })).toBe(
    "En el carácter 14 está «<<»; se espera una comparación.",
  );
  expect(await faultText({ error_code: "OF_TOMORROW", message: "It rains." })).toBe("It rains.");
});

test("a refusal begins in each language with what its title says, too", async () => {
  const refused = { error_code: "PERMISSION_DENIED", message: "Permission denied." };
  for (const language of ["en", "es"] as const) {
    await locale.choose(language);
    expect(withoutLead(await faultText(refused), shell.t.refusal)).toBe("");
  }
});
