/** The workspace of this page, and the relative path to the server's root; the server writes both into the page. */
const { root = "./", workspace = "default" } = document.documentElement.dataset;

export const place = { root, workspace };

/** The URL of another workspace's page, on the same server and behind the same proxies. */
export function workspaceUrl(name: string, hash = ""): string {
  const page = new URL(name === "default" ? root : `${root}ws/${encodeURIComponent(name)}/`, document.baseURI);
  page.hash = hash;
  return page.href;
}

/** What MLflow clients take as tracking URI to log into this workspace. */
export function trackingUri(name: string = workspace): string {
  const page = new URL(workspaceUrl(name));
  page.hash = page.search = "";
  return page.href.replace(/\/$/, "");
}

/** The address of a call of the API, in this page's workspace. */
export function apiUrl(path: string): URL {
  return new URL(path.replace(/^\//, ""), document.baseURI);
}
