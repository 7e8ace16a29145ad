import type { PageRoute } from "@/app/routes";

export default {
  paths: ["experiments/:experiment/models"], // MLflow's own address
  load: () => import("./LoggedModelsPage.svelte"),
  section: "experiments",
} satisfies PageRoute;
