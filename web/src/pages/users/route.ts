import type { PageRoute } from "@/app/routes";
import { NEEDS } from "@/app/session/actions";

export default {
  paths: ["access", "access/users", "access/services"],
  load: () => import("./UsersPage.svelte"),
  rail: {
    name: "access",
    icon: "shield",
    order: 80,
    needs: [NEEDS.readUsers, NEEDS.readAssignments, NEEDS.readAudit],
  },
} satisfies PageRoute;
