import type { PageRoute } from "@/app/routes";

export default {
  paths: ["account"],
  load: () => import("./AccountPage.svelte"),
} satisfies PageRoute;
