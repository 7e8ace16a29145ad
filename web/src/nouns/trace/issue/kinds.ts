export const STATUSES = ["pending", "resolved", "rejected"] as const;
export type Status = (typeof STATUSES)[number];

/** From the least on. */
export const SEVERITIES = ["not_an_issue", "low", "medium", "high"] as const;
export type Severity = (typeof SEVERITIES)[number];
