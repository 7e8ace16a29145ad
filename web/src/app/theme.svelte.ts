import { recall, remember } from "./storage";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

function readTheme(): Theme {
  const kept = recall("theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}

class ThemeState {
  chosen = $state<Theme>(readTheme());
  #systemIsDark = $state(darkSystem.matches);
  /** What is shown: charts read their colours again when it changes. */
  readonly shown = $derived(this.chosen === "system" ? (this.#systemIsDark ? "dark" : "light") : this.chosen);

  constructor() {
    darkSystem.addEventListener("change", (event) => {
      this.#systemIsDark = event.matches;
      this.#apply();
    });
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    remember("theme", theme === "system" ? null : theme);
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset["theme"] = this.shown;
  }
}

export const theme = new ThemeState();
