import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const SOURCE = new URL("../src/app/theme.js", import.meta.url);

/** Puts theme.js into the head as a classic script, which runs before the first paint; modules run after it. */
export function themeScript(): Plugin {
  let name = "";
  return {
    name: "trackside:theme-script",
    apply: "build",
    buildStart() {
      name = this.emitFile({ type: "asset", name: "theme.js", source: readFileSync(SOURCE) });
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, context) {
        const file = Object.values(context.bundle ?? {}).find(
          (each) => each.type === "asset" && each.names.includes("theme.js"),
        );
        if (!name || !file) throw new Error("theme.js is not in the bundle");
        return [{ tag: "script", attrs: { src: `./${file.fileName}` }, injectTo: "head-prepend" }];
      },
    },
  };
}
