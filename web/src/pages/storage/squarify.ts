/** The layout of a tree map: rectangles whose areas are in the ratio of the values, as square as can be. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Boxes that fill `width` by `height`, in the order of `values`, which must not increase.  Zero has an empty box. */
export function squarify(values: readonly number[], width: number, height: number): Box[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  const boxes: Box[] = [];
  if (total <= 0 || width <= 0 || height <= 0) return values.map(() => ({ x: 0, y: 0, width: 0, height: 0 }));
  const scale = (width * height) / total;
  let room: Box = { x: 0, y: 0, width, height };
  let row: number[] = [];
  for (const value of values) {
    const area = value * scale;
    const side = Math.min(room.width, room.height);
    if (row.length && worst([...row, area], side) > worst(row, side)) {
      room = place(row, room, boxes);
      row = [];
    }
    row.push(area);
  }
  place(row, room, boxes);
  return boxes;
}

/** The largest ratio of the sides of the boxes, if `areas` share one row along a side. */
function worst(areas: readonly number[], side: number): number {
  const sum = areas.reduce((total, area) => total + area, 0);
  const least = Math.min(...areas);
  const most = Math.max(...areas);
  if (least <= 0 || side <= 0) return Number.POSITIVE_INFINITY;
  return Math.max((side * side * most) / (sum * sum), (sum * sum) / (side * side * least));
}

/** Adds the boxes of a row along the shorter side; returns the room that is left. */
function place(areas: readonly number[], room: Box, boxes: Box[]): Box {
  const sum = areas.reduce((total, area) => total + area, 0);
  const isTall = room.width < room.height;
  const depth = sum <= 0 ? 0 : sum / Math.max(isTall ? room.width : room.height, Number.MIN_VALUE);
  let at = 0;
  for (const area of areas) {
    const length = depth > 0 ? area / depth : 0;
    boxes.push(
      isTall
        ? { x: room.x + at, y: room.y, width: length, height: depth }
        : { x: room.x, y: room.y + at, width: depth, height: length },
    );
    at += length;
  }
  return isTall
    ? { ...room, y: room.y + depth, height: Math.max(0, room.height - depth) }
    : { ...room, x: room.x + depth, width: Math.max(0, room.width - depth) };
}
