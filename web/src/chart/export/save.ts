/** Files of a chart, handed to the person.  Knows the browser. */
import { CanvasPen } from "../scene/canvas";
import { SvgPen } from "../scene/svg";
import { drawPicture, pictureHeight, pictureWidth, type Picture } from "./picture";

const PNG_SCALE = 2;

export function svgOf(picture: Picture, prefix = ""): string {
  const pen = new SvgPen(pictureWidth(picture), pictureHeight(picture), prefix);
  drawPicture(pen, picture);
  return pen.document(picture.title);
}

export async function pngOf(picture: Picture): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = pictureWidth(picture) * PNG_SCALE;
  canvas.height = pictureHeight(picture) * PNG_SCALE;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no canvas to draw the picture on.");
  drawPicture(new CanvasPen(context, PNG_SCALE), picture);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error("This browser could not make a PNG of that size."));
    }, "image/png");
  });
}

export function save(content: Blob | string, type: string, name: string): void {
  const url = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type }) : content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
