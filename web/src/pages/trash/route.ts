import type { PageRoute } from "@/app/routes";

export default {
  paths: ["trash"],
  load: () => import("./TrashPage.svelte"),
  rail: { name: "trash", icon: "trash", order: 80 },
} satisfies PageRoute;
