export interface Toast {
  id: number;
  text: string;
  kind: "done" | "failed" | "busy";
  /** Takes back what the toast tells of. */
  undo?: () => unknown;
}

const SHOWN_MS = 8000;

/** Short news of an action.  What failed stays until it is closed; what is done goes after eight seconds, unless somebody
 *  points at it. */
class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** "Deleted 3 runs", with a way back if there is one. */
  done(text: string, undo?: () => unknown): void {
    const toast: Toast = { id: this.#next++, text, kind: "done", ...(undo ? { undo } : {}) };
    this.list = [...this.list.slice(-3), toast];
    this.resume(toast);
  }

  /** Work that takes seconds: `say` tells how far it is, `end` takes the toast away. */
  busy(text: string): { say: (text: string) => void; end: () => void } {
    const id = this.#next++;
    this.list = [...this.list.slice(-3), { id, text, kind: "busy" }];
    return {
      say: (next) => (this.list = this.list.map((each) => (each.id === id ? { ...each, text: next } : each))),
      end: () => (this.list = this.list.filter((each) => each.id !== id)),
    };
  }

  failed(text: string): void {
    this.list = [...this.list.slice(-3), { id: this.#next++, text, kind: "failed" }];
  }

  close(toast: Toast): void {
    this.pause(toast);
    this.list = this.list.filter((each) => each.id !== toast.id);
  }

  /** Undoes the newest action that can be undone. */
  undoLast(): void {
    const toast = this.list.findLast((each) => each.undo);
    if (toast) this.undo(toast);
  }

  get canUndo(): boolean {
    return this.list.some((each) => each.undo);
  }

  undo(toast: Toast): void {
    this.close(toast);
    toast.undo?.();
  }

  pause(toast: Toast): void {
    clearTimeout(this.#timers.get(toast.id));
    this.#timers.delete(toast.id);
  }

  resume(toast: Toast): void {
    if (toast.kind !== "done") return;
    this.pause(toast);
    this.#timers.set(
      toast.id,
      setTimeout(() => this.close(toast), SHOWN_MS),
    );
  }
}

export const toasts = new Toasts();
