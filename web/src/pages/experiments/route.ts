import type { PageRoute } from "@/app/routes";

export default {
  paths: ["experiments", ""],
  load: () => import("./ExperimentsPage.svelte"),
  rail: { name: "experiments", icon: "flask", order: 10 },
} satisfies PageRoute;
