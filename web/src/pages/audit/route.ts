import type { PageRoute } from "@/app/routes";

export default {
  paths: ["access/audit"],
  load: () => import("./AuditPage.svelte"),
  section: "access",
} satisfies PageRoute;
