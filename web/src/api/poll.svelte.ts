/** In a component: calls `load` every `everyMs` while the page is seen and `isWanted` says so. */
export function poll(load: () => void, everyMs: number, isWanted: () => boolean = () => true): void {
  $effect(() => {
    if (!isWanted()) return;
    const timer = setInterval(() => {
      if (!document.hidden) load();
    }, everyMs);
    return () => clearInterval(timer);
  });
}
