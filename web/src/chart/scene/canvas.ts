/** A pen that draws on a canvas. */
import { NUMBER_FONT, type Path, type Pen, type Rect, type Stroke, type Writing } from "./pen";

export class CanvasPen implements Pen {
  private readonly to: CanvasRenderingContext2D;

  /** `scale` is the number of device pixels of a pixel. */
  constructor(to: CanvasRenderingContext2D, scale: number) {
    this.to = to;
    to.setTransform(scale, 0, 0, scale, 0, 0);
    to.lineJoin = "round";
    to.lineCap = "butt";
  }

  fillRect(rect: Rect, colour: string, alpha = 1): void {
    this.to.globalAlpha = alpha;
    this.to.fillStyle = colour;
    this.to.fillRect(rect.left, rect.top, rect.width, rect.height);
    this.to.globalAlpha = 1;
  }

  stroke(path: Path, style: Stroke): void {
    const { to } = this;
    to.globalAlpha = style.alpha ?? 1;
    to.strokeStyle = style.colour;
    to.lineWidth = style.width;
    to.setLineDash(style.dash ? [...style.dash] : []);
    to.beginPath();
    this.trace(path);
    to.stroke();
    to.globalAlpha = 1;
  }

  fill(path: Path, colour: string, alpha: number): void {
    this.to.globalAlpha = alpha;
    this.to.fillStyle = colour;
    this.to.beginPath();
    this.trace(path);
    this.to.fill();
    this.to.globalAlpha = 1;
  }

  dots(path: Path, radius: number, colour: string, alpha = 1): void {
    const { to } = this;
    to.globalAlpha = alpha;
    to.fillStyle = colour;
    to.beginPath();
    for (let at = 0; at < path.length; at += 2) {
      const x = path[at]!;
      const y = path[at + 1]!;
      if (Number.isNaN(x) || Number.isNaN(y)) continue;
      to.moveTo(x + radius, y);
      to.arc(x, y, radius, 0, 2 * Math.PI);
    }
    to.fill();
    to.globalAlpha = 1;
  }

  text(text: string, x: number, y: number, style: Writing): void {
    this.to.font = `${style.weight ?? 400} ${style.size}px ${NUMBER_FONT}`;
    this.to.fillStyle = style.colour;
    this.to.textAlign = style.align;
    this.to.textBaseline = style.baseline;
    this.to.fillText(text, x, y);
  }

  clip(rect: Rect, draw: () => void): void {
    this.to.save();
    this.to.beginPath();
    this.to.rect(rect.left, rect.top, rect.width, rect.height);
    this.to.clip();
    draw();
    this.to.restore();
  }

  private trace(path: Path): void {
    let isDown = false;
    for (let at = 0; at < path.length; at += 2) {
      const x = path[at]!;
      const y = path[at + 1]!;
      if (Number.isNaN(x) || Number.isNaN(y)) {
        isDown = false;
      } else if (isDown) {
        this.to.lineTo(x, y);
      } else {
        this.to.moveTo(x, y);
        isDown = true;
      }
    }
  }
}
