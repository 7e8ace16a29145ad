/** Indents JSON without reading its values: long numbers keep their digits, and the head of a cut file works too. */

const INDENT = "  ";
const MAX_DEPTH = 100;
const PUNCTUATION = '"{}[],:';
/** What JSON has besides strings, objects and lists, and what Python writes for numbers that JSON does not have. */
const WORDS = ["true", "false", "null", "NaN", "Infinity", "-Infinity"];

/** Return the text unchanged where it is no JSON, or has several values, such as JSON lines. */
export function indent(text: string): string {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed) || isLines(trimmed)) return text;
  let out = "";
  let depth = 0;
  for (let at = 0; at < trimmed.length;) {
    const character = trimmed.charAt(at);
    if (character === '"') {
      const end = endOfString(trimmed, at);
      out += trimmed.slice(at, end);
      at = end;
      continue;
    }
    at++;
    if (character === "{" || character === "[") {
      const close = character === "{" ? "}" : "]";
      const next = skipSpace(trimmed, at);
      if (trimmed[next] === close) {
        out += character + close;
        at = next + 1;
        continue;
      }
      depth++;
      if (depth > MAX_DEPTH) return text;
      out += character + line(depth);
    } else if (character === "}" || character === "]") {
      depth--;
      if (depth < 0) return text;
      out += line(depth) + character;
    } else if (character === ",") {
      out += character + line(depth);
    } else if (character === ":") {
      out += ": ";
    } else if (!isSpace(character)) {
      const end = endOfWord(trimmed, at);
      const word = trimmed.slice(at - 1, end).trimEnd();
      if (!isWord(word, end === trimmed.length)) return text;
      out += word;
      at = end;
    }
  }
  return out;
}

function isLines(text: string): boolean {
  const end = text.indexOf("\n");
  if (end < 0) return false;
  const first = text.slice(0, end).trim();
  const second = text.slice(end + 1).trimStart();
  if (!/[}\]]$/.test(first) || !/^[{[]/.test(second)) return false;
  try {
    JSON.parse(first);
    return true;
  } catch {
    return false;
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !PUNCTUATION.includes(text.charAt(at))) at++;
  return at;
}

/** A number or a word of JSON; at the end of a cut file the beginning of one. */
function isWord(word: string, isCut: boolean): boolean {
  return /^-?\d[\d.eE+-]*$/.test(word) || WORDS.some((each) => (isCut ? each.startsWith(word) : each === word));
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && isSpace(text.charAt(at))) at++;
  return at;
}

function isSpace(character: string): boolean {
  return character === " " || character === "\n" || character === "\t" || character === "\r";
}

function line(depth: number): string {
  return "\n" + INDENT.repeat(depth);
}
