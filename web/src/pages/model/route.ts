import type { PageRoute } from "@/app/routes";

export default {
  paths: ["models/:name", "models/:name/:tab"],
  load: () => import("./ModelPage.svelte"),
  section: "models",
} satisfies PageRoute;
