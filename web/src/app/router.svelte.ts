import { tick } from "svelte";
import { formatHash, parseHash, withQuery, type Address } from "./address";
import { place, workspaceUrl } from "./workspace";
import { find } from "./routes";

const scrolls = new Map<string, number>();

/** The address that is shown.  Read `path` and `query` in markup and effects; change them with `go` and `setQuery`. */
class Router {
  #address = $state.raw<Address>(parseHash(location.hash));
  readonly path = $derived(this.#address.path);
  readonly query = $derived(this.#address.query);
  readonly found = $derived(find(this.path));
  /** The page of another workspace is loading: this page shows and loads nothing. */
  isLeaving = $state(false);

  constructor() {
    history.scrollRestoration = "manual";
    addEventListener("scroll", () => scrolls.set(location.hash, scrollY), { passive: true });
    addEventListener("hashchange", () => this.#read());
    addEventListener("popstate", () => this.#read());
    this.isLeaving = leaveForWorkspace(this.#address);
  }

  /** Opens a page: `go(href("experiments", id))`. */
  go(link: string): void {
    if (link === location.hash) return;
    location.hash = link;
  }

  /** Changes parts of the query.  While the user types or drags, `replace` keeps the history short. */
  setQuery(values: Record<string, string | null | undefined>, { replace = false } = {}): void {
    const link = withQuery(formatHash(this.#address), values);
    if (link === location.hash) return;
    history[replace ? "replaceState" : "pushState"](null, "", link);
    this.#address = parseHash(link);
  }

  #read(): void {
    const next = parseHash(location.hash);
    if (formatHash(next) === formatHash(this.#address)) return;
    this.isLeaving = leaveForWorkspace(next);
    if (this.isLeaving) return;
    const isOtherPage = next.path !== this.path;
    this.#address = next;
    if (isOtherPage) void tick().then(() => scrollTo(0, scrolls.get(location.hash) ?? 0));
  }
}

/** MLflow's links name a workspace as `?workspace=`; here each has a path of its own. */
function leaveForWorkspace({ path, query }: Address): boolean {
  const name = query.get("workspace");
  if (name === null) return false;
  const rest = new URLSearchParams(query);
  rest.delete("workspace");
  const hash = formatHash({ path, query: rest });
  if (name === place.workspace) {
    history.replaceState(null, "", hash);
    return false;
  }
  location.replace(workspaceUrl(name, hash));
  return true;
}

export const router = new Router();
