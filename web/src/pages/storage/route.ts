import type { PageRoute } from "@/app/routes";

export default {
  paths: ["storage"],
  load: () => import("./StoragePage.svelte"),
  rail: { name: "storage", icon: "archive", order: 78 },
} satisfies PageRoute;
