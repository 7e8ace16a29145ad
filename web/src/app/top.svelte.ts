export interface Crumb {
  label: string;
  link?: string;
}

/** What the frame shows of the page: the way to it, which is its title, too. */
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
