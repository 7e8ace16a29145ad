import type { paths } from "@/api/schema";

export type Me = paths["/api/trackside/v1/me"]["get"]["responses"][200]["content"]["application/json"];

type Ways = paths["/api/trackside/v1/sign-in"]["get"]["responses"][200]["content"]["application/json"];
/** An identity provider that users sign in by. */
export type Provider = NonNullable<Ways["providers"]>[number];

/** The signed-in user.  A request that is answered with 401 waits here until a user signs in. */
class Session {
  me = $state.raw<Me>();
  isAsking = $state(false);
  /** Somebody closed the sign-in: calls fail with 401 until it is opened again. */
  isDeclined = $state(false);
  /** Grows when another user than before signs in; an effect that reads it loads again. */
  turns = $state(0);
  /** The number of sign-ins, for requests that were under way meanwhile. */
  count = 0;
  #waiting: ((isSignedIn: boolean) => void)[] = [];

  /** Whether the server has users, and none is signed in. */
  readonly isNobody = $derived(this.me !== undefined && !this.me.is_open && !this.me.is_signed_in);

  /** Opens the sign-in.  True once a user has signed in, false if the sign-in was cancelled. */
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
