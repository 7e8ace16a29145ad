import type { components } from "@/api/schema";

export type Overview = components["schemas"]["ServerOverview"];
export interface Look {
  at: number;
  data: Overview;
}
export interface Rates {
  /** Requests a second, and cores in use, between two looks; undefined before the second one. */
  requests: number | undefined;
  server: number | undefined;
  children: number | undefined;
}

const cpu = (data: Overview, name: string): number => data.parts?.find((part) => part.name === name)?.cpu_s ?? 0;

/** What happened between two looks.  A counter that went back is of a server that has begun again: nothing is known then. */
export function ratesOf(before: Look | undefined, now: Look): Rates {
  const seconds = before ? (now.at - before.at) / 1000 : 0;
  const rate = (count: (data: Overview) => number): number | undefined => {
    const grown = before ? count(now.data) - count(before.data) : -1;
    return seconds > 0 && grown >= 0 ? grown / seconds : undefined;
  };
  return {
    requests: rate((data) => data.requests),
    server: rate((data) => cpu(data, "server")),
    children: rate((data) => cpu(data, "children")),
  };
}
