import { theme } from "@/app/theme.svelte";
import type { Theme } from "../scene/paint";
import { COLOURS, colourIndex, isColoured } from "../scene/slots";
import type { ShownRuns } from "../shownRuns.svelte";

/** The colours of the theme that is shown.  A canvas knows no custom properties: they are read once for each theme. */
class Colours {
  readonly #read = $derived.by((): Theme => {
    void theme.shown;
    return themeOf(document.documentElement);
  });

  get now(): Theme {
    return this.#read;
  }
}

export const colours = new Colours();

function themeOf(element: Element): Theme {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    surface: colour("--surface"),
    line: colour("--line"),
    axis: colour("--control-line"),
    text: colour("--text"),
    text2: colour("--text-2"),
    muted: colour("--muted"),
    warning: colour("--warning"),
    runs: Array.from({ length: COLOURS }, (_, at) => colour(`--run-${at + 1}`)),
  };
}

/** The colours for paper, whatever is shown. */
export function lightTheme(): Theme {
  const probe = document.createElement("div");
  probe.dataset["theme"] = "light";
  document.body.append(probe);
  const theme = themeOf(probe);
  probe.remove();
  return theme;
}

/** The colour of a run that is drawn; "" if it is drawn in grey, or not at all. */
export function colourOf({ slots }: ShownRuns, runId: string): string {
  const slot = slots.get(runId);
  if (slot === undefined || !isColoured(slot, slots.size)) return "";
  return colours.now.runs[colourIndex(slot)] ?? "";
}
