import type { PageRoute } from "@/app/routes";

export default {
  paths: ["orphans"],
  load: () => import("./OrphansPage.svelte"),
  section: "storage",
} satisfies PageRoute;
