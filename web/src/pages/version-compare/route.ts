import type { PageRoute } from "@/app/routes";

export default {
  paths: ["models/:name/compare/:left/:right"],
  load: () => import("./VersionComparePage.svelte"),
  section: "models",
} satisfies PageRoute;
