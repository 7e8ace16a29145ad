import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { compress } from "./plugins/compress.ts";
import { firstLoad } from "./plugins/first-load.ts";
import { themeScript } from "./plugins/theme-script.ts";

const server = process.env["TRACKSIDE_URL"] ?? "http://127.0.0.1:5000";

export default defineConfig({
  // All addresses are relative: the pages are served at /, below a prefix, below /ws/NAME/ and behind proxies.
  base: "./",
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  plugins: [svelte(), themeScript(), firstLoad(), compress()],
  build: {
    outDir: "../src/trackside/ui/files",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the Content-Security-Policy allows no script or style from a data: address
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: { proxy: Object.fromEntries(["/api", "/ajax-api", "/ws", "/health"].map((path) => [path, server])) },
  test: { include: ["src/**/*.test.ts", "plugins/**/*.test.ts"], environment: "node" },
});
