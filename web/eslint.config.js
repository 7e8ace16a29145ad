import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

/** A page imports nouns, ui, grid, chart, api, app; nothing below imports a page, and no page another one. */
const noPages = {
  "no-restricted-imports": [
    "error",
    { patterns: [{ group: ["@/pages/*", "**/pages/*"], message: "Only the router knows pages." }] },
  ],
};

export default ts.config(
  { ignores: ["node_modules/", "src/api/schema.d.ts"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...ts.configs.stylistic,
  ...svelte.configs["flat/recommended"],
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"] } },
  },
  {
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-console": "error",
      eqeqeq: "error",
      // The Content-Security-Policy blocks style attributes; `style:name={value}` sets the property instead.
      "no-restricted-syntax": [
        "error",
        {
          selector: "SvelteAttribute[key.name='style']",
          message: "Write style:name={value}; the CSP blocks style attributes.",
        },
      ],
      "svelte/prefer-svelte-reactivity": "off", // plain maps are meant: what must be reactive is $state
      "svelte/no-at-html-tags": "error",
      "svelte/button-has-type": "error",
      "svelte/no-navigation-without-resolve": "off", // of SvelteKit
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ["src/**"], rules: noPages },
  {
    // Loops over typed arrays: an index that the loop has checked needs no second check.
    files: ["src/chart/{series,scale,scene}/**"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
  { files: ["src/**/*.test.ts"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
);
