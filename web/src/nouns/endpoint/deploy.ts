/** The command that deploys a version of a model, to paste into a shell. */
import { sh } from "./call";
import { nameFor } from "./name";

/** `server` is the address of the server itself, without the path of a workspace. */
export function deployCode(model: string, uri: string, server: string, workspace: string): string {
  const where = [`--server ${sh(server)}`, ...(workspace === "default" ? [] : [`--workspace ${sh(workspace)}`])];
  return [`trackside endpoint create ${nameFor(model)}`, `--model ${sh(uri)}`, ...where, "--wait"].join(" \\\n  ");
}
