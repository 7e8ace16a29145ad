/** Why a call failed, in the server's words where it had some. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** 0: no answer came. */
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  get isMissing(): boolean {
    return this.status === 404;
  }

  get isLost(): boolean {
    return this.status === 0 || (this.status >= 502 && this.status <= 504 && this.code === "");
  }
}

export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(0, "", error instanceof Error ? error.message : String(error));
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The rest of a message below a title that already contains its beginning. */
export function withoutLead(message: string, lead: string): string {
  if (!message.startsWith(lead)) return message;
  const rest = message.slice(lead.length).replace(/^[.:\s]+/, "");
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}
