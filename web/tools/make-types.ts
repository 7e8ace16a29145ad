/** Writes src/api/schema.d.ts: the types of those calls of the server that src/ names as `"/api/…"`.
 *
 *  node tools/make-types.ts openapi.json [--check] */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString, type OpenAPI3 } from "openapi-typescript";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));
const TARGET = join(SOURCE, "api/schema.d.ts");
const HEAD = "// Made by `make web-types` from the server's OpenAPI document: the calls that src/ names.\n\n";

type Tree = Record<string, unknown>;

function named(): Set<string> {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf-8" })
    .filter((name) => /\.(ts|svelte)$/.test(name) && !name.endsWith(".d.ts"))
    .map((name) => readFileSync(join(SOURCE, name), "utf-8"));
  return new Set(
    files.flatMap((text) => [...text.matchAll(/["'`](\/(?:ajax-)?api\/[^"'`\s]+)["'`]/g)].map((m) => m[1] ?? "")),
  );
}

/** The names of the components that a part of the document refers to, and of those that these refer to. */
function referred(part: unknown, components: Tree, seen = new Set<string>()): Set<string> {
  for (const [, kind = "", name = ""] of JSON.stringify(part).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
    const key = `${kind}/${name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    referred((components[kind] as Tree | undefined)?.[name] ?? {}, components, seen);
  }
  return seen;
}

function chosen(document: Tree): Tree {
  const wanted = named();
  const all = document["paths"] as Tree;
  const unknown = [...wanted].filter((path) => !(path in all));
  if (unknown.length) throw new Error(`the server has no call ${unknown.sort().join(", ")}`);
  const paths = Object.fromEntries(Object.entries(all).filter(([path]) => wanted.has(path)));
  const components = document["components"] as Record<string, Tree>;
  const used = referred(paths, components);
  const kept = Object.entries(components).map(([kind, parts]) => [
    kind,
    Object.fromEntries(Object.entries(parts).filter(([name]) => used.has(`${kind}/${name}`))),
  ]);
  return { ...document, paths, components: Object.fromEntries(kept) as Tree };
}

const [file = "", mode] = process.argv.slice(2);
const document = chosen(JSON.parse(readFileSync(file, "utf-8")) as Tree);
const types = await openapiTS(document as unknown as OpenAPI3, {
  defaultNonNullable: false,
  emptyObjectsUnknown: true,
  alphabetize: true,
});
const text = HEAD + astToString(types);
if (mode !== "--check") writeFileSync(TARGET, text);
else if (readFileSync(TARGET, "utf-8") !== text) {
  throw new Error("src/api/schema.d.ts is not what the server says; run `make web-types`");
}
