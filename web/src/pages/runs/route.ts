import type { PageRoute } from "@/app/routes";

export default {
  paths: ["experiments/:experiment", "experiments/:experiment/runs"],
  load: () => import("./RunsPage.svelte"),
  section: "experiments",
} satisfies PageRoute;
