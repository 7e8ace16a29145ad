import type { PageRoute } from "@/app/routes";

export default {
  paths: ["models"],
  load: () => import("./ModelsPage.svelte"),
  rail: { name: "models", icon: "cube", order: 20 },
} satisfies PageRoute;
