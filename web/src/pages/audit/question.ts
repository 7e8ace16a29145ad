/** The filters of the audit log, as the address has them and as the calls take them.  Times are local in the address. */
export const FIELDS = ["actor", "action", "outcome", "workspace", "object_type", "object_id"] as const;
export const OUTCOMES = ["allowed", "denied", "failed"] as const;
export type Field = (typeof FIELDS)[number];
export type Question = Partial<Record<Field, string>> & { since?: number; until?: number };

/** The question of an address; a time that cannot be read is left out. */
export function fromQuery(query: URLSearchParams): Question {
  const question: Question = {};
  for (const field of FIELDS) {
    const value = query.get(field);
    if (value) question[field] = value;
  }
  for (const end of ["since", "until"] as const) {
    const at = Date.parse(query.get(end) ?? "");
    if (!Number.isNaN(at)) question[end] = at;
  }
  return question;
}

/** The JSON of an entry's detail, in lines; text that is no JSON stays as it is. */
export function readable(detail: string): string {
  try {
    return JSON.stringify(JSON.parse(detail), null, 2);
  } catch {
    return detail;
  }
}
