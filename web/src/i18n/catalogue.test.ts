import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
const kept = new Map<string, string>();
vi.stubGlobal("localStorage", {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => kept.set(key, value),
});

async function fresh() {
  vi.resetModules();
  kept.clear();
  return await import("./catalogue.svelte");
}

/** Words that come when they are let. */
function held(title: string) {
  let arrive: () => void = () => undefined;
  const strings = new Promise<{ default: { title: string } }>((resolve) => {
    arrive = () => resolve({ default: { title } });
  });
  return { load: () => strings, arrive: () => arrive() };
}

test("no part is shown in another language before all are, and then the choice is kept", async () => {
  const { Catalogue, locale } = await fresh();
  const strings = held("Modelos");
  const quick = new Catalogue({ title: "Runs" }, { es: () => Promise.resolve({ default: { title: "Ejecuciones" } }) });
  const slow = new Catalogue({ title: "Models" }, { es: strings.load });

  const chosen = locale.choose("es");
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect([quick.t.title, slow.t.title, kept.size]).toEqual(["Runs", "Models", 0]);

  strings.arrive();
  await chosen;
  expect([quick.t.title, slow.t.title]).toEqual(["Ejecuciones", "Modelos"]);
  expect(kept.get("trackside.language")).toBe("es");
});

test("a part that is loaded meanwhile is shown in the language that was chosen", async () => {
  const { Catalogue, locale } = await fresh();
  const strings = held("Modelos");
  new Catalogue({ title: "Models" }, { es: strings.load });

  const chosen = locale.choose("es");
  const late = new Catalogue({ title: "Runs" }, { es: () => Promise.resolve({ default: { title: "Ejecuciones" } }) });
  strings.arrive();
  await chosen;

  expect(late.t.title).toBe("Ejecuciones");
});

test("of two choices the last one counts, though the strings of the first come later", async () => {
  const { Catalogue, locale } = await fresh();
  const strings = held("Modelos");
  const part = new Catalogue({ title: "Models" }, { es: strings.load });

  const first = locale.choose("es");
  await locale.choose("en");
  strings.arrive();
  await first;

  expect([part.t.title, locale.language, kept.get("trackside.language")]).toEqual(["Models", "en", "en"]);
});

test("the strings that a part begins with do not come after those of a choice", async () => {
  const { Catalogue, locale } = await fresh();
  await locale.choose("es");
  const strings = held("Modelos");
  const part = new Catalogue({ title: "Models" }, { es: strings.load });

  await locale.choose("en");
  strings.arrive();
  await part.ready;

  expect(part.t.title).toBe("Models");
});
