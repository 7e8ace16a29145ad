import type { PageRoute } from "@/app/routes";

export default {
  paths: ["workspaces"],
  load: () => import("./WorkspacesPage.svelte"),
  rail: { name: "workspaces", icon: "workspace", order: 40 },
} satisfies PageRoute;
