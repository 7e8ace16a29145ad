/** A pen that writes an SVG document.  All text goes through `escape`: names of runs and metrics are untrusted. */
import { NUMBER_FONT, type Path, type Pen, type Rect, type Stroke, type Writing } from "./pen";

export class SvgPen implements Pen {
  private readonly parts: string[] = [];
  private clips = 0;
  private readonly width: number;
  private readonly height: number;
  private readonly prefix: string;

  /** `prefix` keeps the ids of several pictures in one document apart. */
  constructor(width: number, height: number, prefix = "") {
    this.width = width;
    this.height = height;
    this.prefix = prefix;
  }

  fillRect(rect: Rect, colour: string, alpha = 1): void {
    this.parts.push(`<rect${rectangle(rect)} fill="${escape(colour)}"${opacity("fill-opacity", alpha)}/>`);
  }

  stroke(path: Path, style: Stroke): void {
    const d = data(path, false);
    if (!d) return;
    const dash = style.dash?.length ? ` stroke-dasharray="${style.dash.join(" ")}"` : "";
    this.parts.push(
      `<path d="${d}" fill="none" stroke="${escape(style.colour)}" stroke-width="${style.width}" stroke-linejoin="round"` +
        `${dash}${opacity("stroke-opacity", style.alpha ?? 1)}/>`,
    );
  }

  fill(path: Path, colour: string, alpha: number): void {
    const d = data(path, true);
    if (d) this.parts.push(`<path d="${d}" fill="${escape(colour)}"${opacity("fill-opacity", alpha)}/>`);
  }

  dots(path: Path, radius: number, colour: string, alpha = 1): void {
    for (let at = 0; at < path.length; at += 2) {
      if (Number.isNaN(path[at]!) || Number.isNaN(path[at + 1]!)) continue;
      this.parts.push(
        `<circle cx="${short(path[at]!)}" cy="${short(path[at + 1]!)}" r="${radius}" fill="${escape(colour)}"` +
          `${opacity("fill-opacity", alpha)}/>`,
      );
    }
  }

  text(text: string, x: number, y: number, style: Writing): void {
    const anchor = { left: "start", center: "middle", right: "end" }[style.align];
    const shift = { top: 0.8, middle: 0.35, alphabetic: 0 }[style.baseline] * style.size;
    this.parts.push(
      `<text x="${short(x)}" y="${short(y + shift)}" fill="${escape(style.colour)}" font-size="${style.size}"` +
        `${style.weight ? ` font-weight="${style.weight}"` : ""} text-anchor="${anchor}">${escape(text)}</text>`,
    );
  }

  clip(rect: Rect, draw: () => void): void {
    const id = `${this.prefix}clip-${++this.clips}`;
    this.parts.push(`<clipPath id="${id}"><rect${rectangle(rect)}/></clipPath><g clip-path="url(#${id})">`);
    draw();
    this.parts.push("</g>");
  }

  /** The whole document. */
  document(title: string): string {
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${this.height}" ` +
      `viewBox="0 0 ${this.width} ${this.height}" font-family="${escape(NUMBER_FONT)}" role="img">` +
      `<title>${escape(title)}</title>${this.parts.join("")}</svg>\n`
    );
  }
}

const NAMES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text that is safe in an element and in an attribute.  What XML does not allow at all becomes the replacement character. */
export function escape(text: string): string {
  return (
    text
      .replace(/\p{Surrogate}/gu, "\ufffd") // halves of a pair, each alone
      // eslint-disable-next-line no-control-regex -- these are what XML has no way to write
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/[&<>"']/g, (letter) => NAMES[letter] ?? "")
  );
}

function rectangle({ left, top, width, height }: Rect): string {
  return ` x="${short(left)}" y="${short(top)}" width="${short(width)}" height="${short(height)}"`;
}

function opacity(name: string, alpha: number): string {
  return alpha === 1 ? "" : ` ${name}="${alpha}"`;
}

function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function data(path: Path, isClosed: boolean): string {
  const parts: string[] = [];
  let isDown = false;
  for (let at = 0; at < path.length; at += 2) {
    const x = path[at]!;
    const y = path[at + 1]!;
    if (Number.isNaN(x) || Number.isNaN(y)) {
      if (isDown && isClosed) parts.push("Z");
      isDown = false;
      continue;
    }
    parts.push(`${isDown ? "L" : "M"}${short(x)} ${short(y)}`);
    isDown = true;
  }
  if (isDown && isClosed) parts.push("Z");
  return parts.join("");
}
