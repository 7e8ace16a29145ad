import type { PageRoute } from "@/app/routes";

export default {
  paths: ["alerts"],
  load: () => import("./AlertsPage.svelte"),
  section: "overview",
} satisfies PageRoute;
