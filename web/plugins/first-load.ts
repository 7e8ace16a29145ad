import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

export const LIMIT_BYTES = 120_000;

/** What a first visit loads beside the entry: the page of its address.  The largest of these counts. */
const FIRST_PAGES = /\/src\/pages\/(experiments|runs|run|models)\/[A-Z]\w*Page\.svelte$/;

/** Fails the build when the JavaScript of a first visit, gzipped, is above the limit. */
export function firstLoad(): Plugin {
  return {
    name: "trackside:first-load",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((each) => each.type === "chunk");
      const entry = chunks.find((chunk) => chunk.isEntry);
      if (!entry) throw new Error("the build has no entry");
      const pages = chunks.filter((chunk) => FIRST_PAGES.test(chunk.facadeModuleId ?? ""));
      const sizes = pages.map((page): [string, number] => [page.name, size([entry, page], chunks)]);
      sizes.push(["shell alone", size([entry], chunks)]);
      sizes.sort((a, b) => b[1] - a[1]);
      for (const [name, bytes] of sizes) {
        this.info(`first load of ${name}: ${(bytes / 1000).toFixed(1)} kB of gzipped JavaScript`);
        if (bytes > LIMIT_BYTES) this.error(`${name} is above the limit of ${LIMIT_BYTES / 1000} kB`);
      }
    },
  };
}

/** The bytes of `roots` and all that they import statically, each chunk counted once. */
function size(roots: Rolldown.OutputChunk[], chunks: Rolldown.OutputChunk[]): number {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const seen = new Set<string>();
  const visit = (chunk: Rolldown.OutputChunk): number => {
    if (seen.has(chunk.fileName)) return 0;
    seen.add(chunk.fileName);
    const imported = chunk.imports.map((name) => byName.get(name)).filter((each) => each !== undefined);
    return gzipSync(chunk.code, { level: 9 }).length + imported.map(visit).reduce((sum, each) => sum + each, 0);
  };
  return roots.map(visit).reduce((sum, each) => sum + each, 0);
}
