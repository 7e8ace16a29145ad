import type { Range } from "../scale/scale";
import type { Rect } from "../scene/pen";
import { valueX, valueY, type Plot } from "../scene/plot";

interface Place {
  x: number;
  y: number;
}

/** Nearer than this it was a click. */
const LEAST_PX = 5;

/** A drag over a chart: along x it zooms, with Shift along y, with Alt it moves the picture. */
export class Drag {
  box = $state.raw<Rect | null>(null);
  #from: Place | null = null;
  #last: Place | null = null;
  #kind: "x" | "y" | "pan" = "x";
  readonly #plot: () => Plot | null;
  readonly #onX: (range: Range) => void;
  readonly #onY: (range: Range) => void;

  constructor(plot: () => Plot | null, onX: (range: Range) => void, onY: (range: Range) => void) {
    this.#plot = plot;
    this.#onX = onX;
    this.#onY = onY;
  }

  start(at: Place, event: PointerEvent): void {
    if (event.button !== 0 || event.pointerType === "touch") return;
    this.#from = this.#last = at;
    this.#kind = event.altKey ? "pan" : event.shiftKey ? "y" : "x";
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  }

  /** True while it drags. */
  move(at: Place, event: PointerEvent): boolean {
    const plot = this.#plot();
    if (!this.#from || !plot || event.buttons === 0) return false;
    this.#last = at;
    const moved = this.#kind === "y" ? at.y - this.#from.y : at.x - this.#from.x;
    if (!this.box && Math.abs(moved) < LEAST_PX) return false;
    this.box = this.#kind === "pan" ? { ...plot.area, width: 0 } : this.#rect(plot, this.#from, at);
    return true;
  }

  /** True if it was a drag; then the range is chosen. */
  end(): boolean {
    const [plot, from, to, box] = [this.#plot(), this.#from, this.#last, this.box];
    this.#from = this.#last = this.box = null;
    if (!box || !plot || !from || !to) return false;
    const { area } = plot;
    if (this.#kind === "y") {
      this.#onY({ low: valueY(plot, box.top + box.height), high: valueY(plot, box.top) });
    } else if (this.#kind === "x") {
      this.#onX({ low: valueX(plot, box.left), high: valueX(plot, box.left + box.width) });
    } else {
      const by = from.x - to.x;
      this.#onX({ low: valueX(plot, area.left + by), high: valueX(plot, area.left + area.width + by) });
    }
    return true;
  }

  #rect({ area }: Plot, from: Place, to: Place): Rect {
    const clamp = (value: number, low: number, size: number): number => Math.min(Math.max(value, low), low + size);
    if (this.#kind === "y") {
      const [a, b] = [clamp(from.y, area.top, area.height), clamp(to.y, area.top, area.height)];
      return { left: area.left, width: area.width, top: Math.min(a, b), height: Math.abs(a - b) };
    }
    const [a, b] = [clamp(from.x, area.left, area.width), clamp(to.x, area.left, area.width)];
    return { left: Math.min(a, b), width: Math.abs(a - b), top: area.top, height: area.height };
  }
}
