import type { PageRoute } from "@/app/routes";

export default {
  paths: ["access/groups/:name"],
  load: () => import("./GroupPage.svelte"),
  section: "access",
} satisfies PageRoute;
