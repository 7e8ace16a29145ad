import type { PageRoute } from "@/app/routes";

export default {
  paths: ["imports"],
  load: () => import("./ImportsPage.svelte"),
  rail: { name: "imports", icon: "import", order: 60 },
} satisfies PageRoute;
