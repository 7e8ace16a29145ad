import type { PageRoute } from "@/app/routes";
import { NEEDS } from "@/app/session/actions";

export default {
  paths: ["overview"],
  load: () => import("./OverviewPage.svelte"),
  rail: { name: "overview", icon: "chart", order: 15, needs: [NEEDS.readChanges] },
} satisfies PageRoute;
