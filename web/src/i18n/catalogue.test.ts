import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { documentElement: {} });
vi.stubGlobal("navigator", { languages: ["en-GB"] });
const kept = new Map<string, string>();
vi.stubGlobal("localStorage", {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => kept.set(key, value),
});
const { Catalogue, locale } = await import("./catalogue.svelte");

test("no part is shown in another language before all are, and then the choice is kept", async () => {
  let arrive: (words: { default: { title: string } }) => void = () => undefined;
  const quick = new Catalogue({ title: "Runs" }, { es: () => Promise.resolve({ default: { title: "Ejecuciones" } }) });
  const slow = new Catalogue({ title: "Models" }, { es: () => new Promise((resolve) => (arrive = resolve)) });

  const chosen = locale.choose("es");
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect([quick.t.title, slow.t.title, kept.size]).toEqual(["Runs", "Models", 0]);

  arrive({ default: { title: "Modelos" } });
  await chosen;
  expect([quick.t.title, slow.t.title]).toEqual(["Ejecuciones", "Modelos"]);
  expect(kept.get("trackside.language")).toBe("es");
});
