import type { PageRoute } from "@/app/routes";

export default {
  paths: ["jobs/:job"],
  load: () => import("./JobPage.svelte"),
  section: "jobs",
} satisfies PageRoute;
