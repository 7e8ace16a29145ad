import type { PageRoute } from "@/app/routes";

export default {
  paths: ["access/users/:name"],
  load: () => import("./UserPage.svelte"),
  section: "access",
} satisfies PageRoute;
