import { apiUrl } from "@/app/workspace";
import { actionOf, type Document } from "./action";
import { api } from "./client";

/** What a refused call needs, and which roles give it: those that allow the least come first. */
export interface Missing {
  action: string;
  roles: string[];
}

/** MLflow's level that denies access: it grants none of the actions that it names. */
const DENYING = "mlflow-deny";

/** Reads the action of a call from the server's OpenAPI document, and its roles.  Undefined where no role gives it. */
export async function missing(method: string, url: URL): Promise<Missing | undefined> {
  const answer = await fetch(apiUrl("openapi.json"));
  if (!answer.ok) return undefined;
  const action = actionOf((await answer.json()) as Document, method, url.pathname.slice(base().length));
  if (!action?.includes("/")) return undefined;
  const { roles = [] } = await api.get("/api/trackside/v1/roles", { asks: false }).catch(() => ({ roles: [] }));
  const giving = roles.filter((role) => role.role_id !== DENYING && role.allowed?.includes(action));
  const size = (role: (typeof roles)[number]): number => role.allowed?.length ?? 0;
  return { action, roles: giving.toSorted((a, b) => size(a) - size(b)).map((role) => role.name) };
}

const base = (): string => new URL(".", document.baseURI).pathname;
