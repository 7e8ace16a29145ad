import type { PageRoute } from "@/app/routes";

export default {
  paths: ["access/groups"],
  load: () => import("./GroupsPage.svelte"),
  section: "access",
} satisfies PageRoute;
