import { pattern } from "@/app/address";

/** What is read of the server's OpenAPI document. */
export interface Document {
  paths: Record<string, Record<string, { "x-action"?: string }>>;
}

/** The path with the fewest parameters wins, as in the server. */
export function actionOf({ paths }: Document, method: string, path: string): string | undefined {
  const all = Object.keys(paths)
    .filter((each) => pattern(each.replace(/\{(\w+)\}/g, ":$1")).match(path) !== null)
    .sort((a, b) => a.split("{").length - b.split("{").length);
  return all.map((each) => paths[each]?.[method.toLowerCase()]?.["x-action"]).find((each) => each !== undefined);
}
