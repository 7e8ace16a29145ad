import { DATASETS } from "@/nouns/run/dataset";
import { EXPERIMENT, parseField } from "@/nouns/run/field";

/** Of a name in the header: its letters in the middle, and what stands beside them. */
const LETTER_PX = 6.4;
const BESIDE_PX = 26;
/** Wider names are cut. */
const WIDEST_NAME_PX = 196;
/** On a phone: the columns before the one that orders the rows, and the margins of the page. */
const BESIDE_ORDER_PX = 240;
const LEAST_PX = 96;

/** Return how wide a column is that nobody resized: its values fit, and within bounds its name, so that
 * `training_precision_score` and `training_recall_score` are told apart.  Of groups, a metric has its mean and deviation.  On a
 * phone, the column that orders the rows ends at the edge of the screen: `phonePx` is the width of the screen. */
export function widthOf(field: string, name = "", isGrouped = false, phonePx = Infinity): number {
  return Math.min(wholeWidthOf(field, name, isGrouped), Math.max(LEAST_PX, phonePx - BESIDE_ORDER_PX));
}

function wholeWidthOf(field: string, name: string, isGrouped: boolean): number {
  const { kind } = parseField(field);
  const namePx = Math.min(Math.ceil(name.length * LETTER_PX) + BESIDE_PX, WIDEST_NAME_PX);
  if (kind === "metric") return Math.max(isGrouped ? 144 : 112, namePx);
  if (kind === "param") return Math.max(120, namePx);
  if (kind === "tag") return Math.max(140, namePx);
  return (
    {
      status: 108,
      start_time: 152,
      end_time: 152,
      duration: 96,
      user_id: 120,
      run_id: 240,
      [DATASETS]: 200,
      [EXPERIMENT]: 160,
    }[field] ?? 140
  );
}

/** What a small curve takes beside a value. */
export const CURVE_PX = 92;
