/** Markdown that a client wrote as nodes that are safe to insert.
 *
 * The text is hostile until DOMPurify has cleaned it.  Scripts, styles, forms and frames go; links open elsewhere and tell
 * no referrer; images of other hosts become links, since opening a note must not reveal its reader to other hosts. */

import type { DOMPurify } from "dompurify";

export const MAX_CHARS = 200_000;

const TAGS =
  "a abbr b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img input ins kbd li ol p pre q s samp " +
  "small span strong sub summary sup table tbody td th thead tr tt u ul var";
const ATTRIBUTES = "align alt checked class colspan disabled height href open rowspan src start title type width";

/** Relative images are kept only where `imageOf` gives an address for them. */
export interface Options {
  imageOf?: (path: string) => string | undefined;
}

export async function renderMarkdown(text: string, options: Options = {}): Promise<DocumentFragment> {
  const [{ Marked }, { default: purifier }] = await Promise.all([import("marked"), import("dompurify")]);
  const marked = new Marked({ gfm: true, async: false });
  const html = marked.parse(text.slice(0, MAX_CHARS)) as string;
  return clean(purifier, html, options);
}

export async function renderHtml(html: string): Promise<DocumentFragment> {
  const { default: purifier } = await import("dompurify");
  return clean(purifier, html.slice(0, MAX_CHARS), {});
}

export function clean(purifier: DOMPurify, html: string, options: Options): DocumentFragment {
  const body = purifier.sanitize(quiet(html), {
    ALLOWED_TAGS: TAGS.split(" "),
    ALLOWED_ATTR: ATTRIBUTES.split(" "),
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of body.querySelectorAll("a")) keepLink(link);
  for (const image of body.querySelectorAll("img")) resolveImage(image, options);
  // A check box of a task list, and no other control.
  for (const input of body.querySelectorAll("input")) {
    if (input.type === "checkbox") input.disabled = true;
    else input.remove();
  }
  // Names that the page's own styles know would let a note draw over the page.
  for (const each of body.querySelectorAll("[class]")) {
    if (!/^language-[\w+-]{1,30}$/.test(each.className)) each.removeAttribute("class");
  }
  return body;
}

/** Chromium reports handlers to the page's policy while it parses, although nothing would run them: a hostile note would fill
 *  the console.  What is safe, DOMPurify decides. */
function quiet(html: string): string {
  return html.replace(/<[^>]*>/g, (tag) => tag.replace(/(?<=[\s"'])on[a-z]+\s*=/gi, "data-off="));
}

/** Whether an address is one of the web or of mail; anything else, such as `javascript:`, is no link. */
export function isSafeLink(href: string): boolean {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(href).protocol);
  } catch {
    return false;
  }
}

function keepLink(link: HTMLAnchorElement): void {
  const href = link.getAttribute("href") ?? "";
  if (!isSafeLink(href)) {
    link.removeAttribute("href");
    return;
  }
  link.target = "_blank";
  link.rel = "noopener noreferrer nofollow";
}

function resolveImage(image: HTMLImageElement, options: Options): void {
  const source = image.getAttribute("src") ?? "";
  if (/^data:image\/(png|jpeg|gif|webp);base64,/i.test(source)) return;
  const own = source && !/^([a-z][a-z\d+.-]*:|\/\/|\/|\\)/i.test(source) ? options.imageOf?.(source) : undefined;
  if (own) {
    image.src = own;
    return;
  }
  const text = image.alt || source;
  if (!isSafeLink(source)) {
    image.replaceWith(text);
    return;
  }
  const link = image.ownerDocument.createElement("a");
  link.href = source;
  link.textContent = text;
  keepLink(link);
  image.replaceWith(link);
}
