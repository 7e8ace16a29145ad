export interface Crumb {
  label: string;
  link?: string;
}

/** The breadcrumbs of the page, which the frame shows as its title. */
class Top {
  crumbs = $state.raw<Crumb[]>([]);
}

export const top = new Top();

/** In a page: `crumbs(() => [{ label: experiment.name, link }, { label: run.name }])`. */
export function crumbs(way: () => Crumb[]): void {
  $effect(() => {
    top.crumbs = way();
  });
}
