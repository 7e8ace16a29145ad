import type { paths } from "@/api/schema";

export type Me = paths["/api/trackside/v1/me"]["get"]["responses"][200]["content"]["application/json"];

type Ways = paths["/api/trackside/v1/sign-in"]["get"]["responses"][200]["content"]["application/json"];
/** An identity provider that users sign in by. */
export type Provider = NonNullable<Ways["providers"]>[number];

/** Who is signed in.  A call that is answered with 401 waits here until somebody signs in over the page. */
class Session {
  me = $state.raw<Me>();
  isAsking = $state(false);
  /** Somebody closed the sign-in: calls fail with 401 until it is opened again. */
  isDeclined = $state(false);
  /** Grows when somebody signs in whom the page was not made for: what reads it in an effect loads again. */
  turns = $state(0);
  /** How often somebody signed in, for calls that were under way meanwhile. */
  count = 0;
  #waiting: ((isSignedIn: boolean) => void)[] = [];

  /** Whether the server has users, and nobody is signed in. */
  readonly isNobody = $derived(this.me !== undefined && !this.me.is_open && !this.me.is_signed_in);

  /** Opens the sign-in.  True when somebody has signed in, false when nobody will. */
  ask(): Promise<boolean> {
    if (this.isDeclined) return Promise.resolve(false);
    this.isAsking = true;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  open(): void {
    this.isDeclined = false;
    this.isAsking = true;
  }

  begin(me: Me): void {
    const isOther = this.me?.name !== me.name || this.#waiting.length === 0;
    this.me = me;
    this.count += 1;
    this.#end(true);
    if (isOther) this.turns += 1;
  }

  decline(): void {
    this.isDeclined = true;
    this.#end(false);
  }

  #end(isSignedIn: boolean): void {
    this.isAsking = false;
    for (const resolve of this.#waiting.splice(0)) resolve(isSignedIn);
  }
}

export const session = new Session();
