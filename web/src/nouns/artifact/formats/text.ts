/** Bytes of the head of a file as text. */

export interface Head {
  text: string;
  /** Whether the bytes are no text: they hold a NUL, or are no UTF-8. */
  isBinary: boolean;
}

/** `isCut`: more bytes follow, so the last character may be incomplete, and so may the last line. */
export function decodeHead(bytes: Uint8Array, isCut: boolean): Head {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { text: decode("utf-16le", bytes, isCut), isBinary: false };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { text: decode("utf-16be", bytes, isCut), isBinary: false };
  if (bytes.includes(0)) return { text: "", isBinary: true };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut }), isBinary: false };
  } catch {
    const text = new TextDecoder("windows-1252").decode(bytes);
    return isMostlyPrintable(text) ? { text, isBinary: false } : { text: "", isBinary: true };
  }
}

/** The text without a last line that is incomplete. */
export function wholeLines(text: string): string {
  const end = text.lastIndexOf("\n");
  return end < 0 ? text : text.slice(0, end + 1);
}

function decode(encoding: string, bytes: Uint8Array, isCut: boolean): string {
  return new TextDecoder(encoding).decode(bytes, { stream: isCut });
}

function isMostlyPrintable(text: string): boolean {
  let strange = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 32 && code !== 9 && code !== 10 && code !== 13 && code !== 12 && code !== 27) strange++;
  }
  return strange * 100 <= text.length;
}
