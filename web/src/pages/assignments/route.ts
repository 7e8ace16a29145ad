import type { PageRoute } from "@/app/routes";

export default {
  paths: ["access/assignments"],
  load: () => import("./AssignmentsPage.svelte"),
  section: "access",
} satisfies PageRoute;
