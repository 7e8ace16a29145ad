import type { PageRoute } from "@/app/routes";

export default {
  paths: ["experiments/:experiment/models/:model", "experiments/:experiment/models/:model/*tab"], // MLflow's own address
  load: () => import("./LoggedModelPage.svelte"),
  section: "experiments",
} satisfies PageRoute;
