import type { PageRoute } from "@/app/routes";

export default {
  paths: ["access/roles"],
  load: () => import("./RolesPage.svelte"),
  section: "access",
} satisfies PageRoute;
