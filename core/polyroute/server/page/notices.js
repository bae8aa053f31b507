// Short messages: what was done, with a way back; and that the server is away.

import { byId, element } from "./dom.js";

const SHOWN_MS = 8000;

/** Say that something was done. `undo` offers to take it back; `onend` is called once that is over and was not taken.
 *  Stays while it has the focus; a page that is left ends it. */
export function toast(text, { undo, onend } = {}) {
  const made = element("div", { className: "toast" }, element("span", {}, text));
  const end = () => close(onend);
  const later = () => setTimeout(() => (made.contains(document.activeElement) ? later() : end()), SHOWN_MS);
  function close(then) {
    if (!made.isConnected) return;
    made.remove();
    removeEventListener("pagehide", end);
    then?.();
  }
  if (undo) made.append(element("button", { type: "button", className: "link", onclick: () => close(undo) }, "Undo"));
  made.append(element("button", { type: "button", className: "quiet", "aria-label": "Dismiss", onclick: end }, "×"));
  byId("toasts").append(made);
  addEventListener("pagehide", end);
  later();
}

/** Show, or with no text hide, that what is on the page may be out of date. */
export function banner(text, kind = "") {
  const place = byId("banner");
  if (place.textContent === text) return;
  place.className = `banner ${kind}`;
  place.replaceChildren(text);
}
