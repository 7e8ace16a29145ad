import type { PageRoute } from "@/app/routes";

export default {
  paths: ["experiments/:experiment/charts", "experiments/:experiment/system-metrics", "charts", "system-metrics"],
  load: () => import("./ChartsPage.svelte"),
  section: "experiments",
} satisfies PageRoute;
