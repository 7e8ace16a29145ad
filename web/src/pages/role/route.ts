import type { PageRoute } from "@/app/routes";

export default {
  paths: ["access/roles/new", "access/roles/:role"],
  load: () => import("./RolePage.svelte"),
  section: "access",
} satisfies PageRoute;
