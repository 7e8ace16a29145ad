import type { PageRoute } from "@/app/routes";

export default {
  paths: ["models/:name/versions/:version", "models/:name/versions/:version/*tab"],
  load: () => import("./VersionPage.svelte"),
  section: "models",
} satisfies PageRoute;
