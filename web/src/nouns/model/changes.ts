/** What differs between two sets of named values, such as the metrics of two versions. */

export interface Difference {
  key: string;
  left: string | undefined;
  right: string | undefined;
  isSame: boolean;
}

export type Values = Readonly<Record<string, string>>;

/** By key, those that differ first. */
export function differences(left: Values, right: Values): Difference[] {
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  const all = keys.map((key) => {
    const [a, b] = [own(left, key), own(right, key)];
    return { key, left: a, right: b, isSame: a === b };
  });
  return [...all.filter((each) => !each.isSame), ...all.filter((each) => each.isSame)];
}

function own(values: Values, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
