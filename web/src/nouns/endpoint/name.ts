/** A name that an endpoint may have, made of a model's. */
export function nameFor(model: string): string {
  const clean = model
    .replace(/[^a-zA-Z0-9-]+/g, "-")
    .replace(/^[^a-zA-Z]+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  return clean || "endpoint";
}
