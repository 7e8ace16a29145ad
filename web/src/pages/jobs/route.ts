import type { PageRoute } from "@/app/routes";

export default {
  paths: ["jobs"],
  load: () => import("./JobsPage.svelte"),
  rail: { name: "jobs", icon: "running", order: 27 },
} satisfies PageRoute;
