import type { PageRoute } from "@/app/routes";
import { NEEDS } from "@/app/session/actions";

export default {
  paths: ["jobs"],
  load: () => import("./JobsPage.svelte"),
  rail: { name: "jobs", icon: "running", order: 27, needs: [NEEDS.readJobs] },
} satisfies PageRoute;
