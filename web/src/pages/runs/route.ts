import type { PageRoute } from "@/app/routes";

export default {
  // The last two name several experiments, #/runs?experiments=["1","2"]; compare-experiments is MLflow's own address.
  paths: ["experiments/:experiment", "experiments/:experiment/runs", "runs", "compare-experiments/:search"],
  load: () => import("./RunsPage.svelte"),
  section: "experiments",
} satisfies PageRoute;
