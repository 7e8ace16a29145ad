/** US dollars with two significant digits: one call costs a fraction of a cent. */
export function formatCost(cost: number): string {
  if (cost === 0) return "$0";
  return `$${cost >= 1 ? cost.toFixed(2) : Number(cost.toPrecision(2)).toString()}`;
}
