/** Where a run's code is, as links.  The tags are a client's words: an address that is none of the web is no link. */

export interface SourceLink {
  label: "commit" | "repository" | "notebook" | "job" | "jobRun" | "cluster" | "workspace" | "run" | "branch";
  text: string;
  href: string;
}

export type Tags = Readonly<Record<string, string>>;

const GIT = "mlflow.source.git.";
const DATABRICKS = "mlflow.databricks.";

/** A repository's page, from the address by which git knows it; undefined for a path or a scheme that has no page. */
export function repositoryPage(url: string): string | undefined {
  const given = url.trim();
  // git@host:owner/name.git, the short form of ssh.
  const short = /^(?:[\w.-]+@)?(?<host>[A-Za-z\d.-]+\.[A-Za-z]{2,}):(?!\/)(?<path>[^\s:]+)$/.exec(given)?.groups;
  if (short) return repositoryPage(`https://${short["host"]}/${short["path"]}`);
  let parts: URL;
  try {
    parts = new URL(given);
  } catch {
    return undefined;
  }
  if (!["http:", "https:", "ssh:", "git:", "git+ssh:", "git+https:"].includes(parts.protocol) || !parts.hostname) {
    return undefined;
  }
  const isWeb = parts.protocol === "http:" || parts.protocol === "https:";
  const scheme = parts.protocol === "http:" ? "http:" : "https:";
  const host = isWeb ? parts.host : parts.hostname;
  const path = azurePath(host, parts.pathname.replace(/\/+$/, "").replace(/\.git$/, ""));
  if (path === "" || path === "/") return undefined;
  const page = new URL(`${scheme}//${azureHost(host)}${path.startsWith("/") ? "" : "/"}${path}`);
  return page.href;
}

/** The page of a commit, by the custom of the host. */
export function commitPage(repository: string, commit: string): string | undefined {
  const page = repositoryPage(repository);
  if (!page || !/^[\da-f]{4,64}$/i.test(commit)) return undefined;
  const host = new URL(page).hostname;
  if (host === "bitbucket.org") return `${page}/commits/${commit}`;
  if (/(^|\.)gitlab\./.test(host)) return `${page}/-/commit/${commit}`;
  return `${page}/commit/${commit}`;
}

/** All links that the tags of a run give. */
export function sourceLinks(tags: Tags): SourceLink[] {
  const found: SourceLink[] = [];
  const add = (label: SourceLink["label"], text: string, href: string | undefined) => {
    if (text && href) found.push({ label, text, href });
  };
  const repository = tags[`${GIT}repoURL`] ?? tags[`${DATABRICKS}gitRepoUrl`] ?? "";
  const commit = tags[`${GIT}commit`] ?? tags[`${DATABRICKS}gitRepoCommit`] ?? "";
  add("commit", commit.slice(0, 12), commitPage(repository, commit));
  add("repository", shortName(repository), repositoryPage(repository));

  const host = webHost(tags[`${DATABRICKS}workspaceURL`] ?? tags[`${DATABRICKS}webappURL`] ?? "");
  if (host) {
    const at = (path: string) => `${host}/?o=${tags[`${DATABRICKS}workspaceID`] ?? ""}${path}`.replace("?o=#", "#");
    const number = (name: string) => {
      const value = tags[DATABRICKS + name] ?? "";
      return /^[\w-]{1,64}$/.test(value) ? value : "";
    };
    const notebook = number("notebookID");
    const revision = number("notebookRevisionID");
    const notebookPath = notebook && `#notebook/${notebook}${revision ? `/revision/${revision}` : ""}`;
    add("notebook", notebook && (tags[`${DATABRICKS}notebookPath`] ?? notebook), at(notebookPath));
    const job = number("jobID");
    const jobRun = number("jobRunID");
    add("job", job, at(`#job/${job}`));
    add("jobRun", job && jobRun, at(`#job/${job}/run/${jobRun}`));
    const cluster = number("cluster.id");
    add("cluster", cluster, at(`#setting/clusters/${cluster}/configuration`));
    add("workspace", new URL(host).host, host);
  }
  const runUrl = tags[`${DATABRICKS}runURL`] ?? "";
  add("run", runUrl, webAddress(runUrl, host));
  return found;
}

/** The address if it is one of the web, and, where it begins with `#` or `/`, one of `host`. */
export function webAddress(text: string, host?: string): string | undefined {
  try {
    const url = host ? new URL(text, `${host}/`) : new URL(text);
    return (url.protocol === "https:" || url.protocol === "http:") && text ? url.href : undefined;
  } catch {
    return undefined;
  }
}

function webHost(text: string): string | undefined {
  if (!text) return undefined;
  try {
    const url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `https://${text}`);
    return url.protocol === "https:" || url.protocol === "http:" ? url.origin : undefined;
  } catch {
    return undefined;
  }
}

function shortName(repository: string): string {
  const page = repositoryPage(repository);
  return page ? new URL(page).pathname.slice(1) : "";
}

function azureHost(host: string): string {
  return host === "ssh.dev.azure.com" ? "dev.azure.com" : host;
}

/** `v3/organisation/project/name` is the path of a repository of Azure DevOps over ssh. */
function azurePath(host: string, path: string): string {
  const parts = /^\/?v3\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path);
  return host === "ssh.dev.azure.com" && parts ? `/${parts[1]}/${parts[2]}/_git/${parts[3]}` : path;
}
