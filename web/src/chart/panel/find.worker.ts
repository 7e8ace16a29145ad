/** Tries a regular expression on names, apart from the page: some patterns never end. */
import { matching } from "./find";

addEventListener("message", (event: MessageEvent<{ names: string[]; pattern: string }>) => {
  postMessage(matching(event.data.names, event.data.pattern));
});
