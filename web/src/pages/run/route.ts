import type { PageRoute } from "@/app/routes";

export default {
  paths: ["experiments/:experiment/runs/:run", "experiments/:experiment/runs/:run/*tab", "runs/:run"],
  load: () => import("./RunPage.svelte"),
  section: "experiments",
} satisfies PageRoute;
