// Short messages: what was done, perhaps with an undo button, and whether the data is outdated.

import { byId, element } from "./dom.js";

const DURATION_MS = 8000;

/** Show a message for a while. `undo` is offered as a button; `onend` is called when the message ends without it.
 *  The message stays while it has the focus, and ends when the page is left. */
export function toast(text, { undo, onend } = {}) {
  const toastElement = element("div", { className: "toast" }, element("span", {}, text));
  const end = () => close(onend);
  const later = () => setTimeout(() => (toastElement.contains(document.activeElement) ? later() : end()), DURATION_MS);
  function close(then) {
    if (!toastElement.isConnected) return;
    toastElement.remove();
    removeEventListener("pagehide", end);
    then?.();
  }
  if (undo) toastElement.append(element("button", { type: "button", className: "link", onclick: () => close(undo) }, "Undo"));
  toastElement.append(element("button", { type: "button", className: "quiet", "aria-label": "Dismiss", onclick: end }, "×"));
  byId("toasts").append(toastElement);
  addEventListener("pagehide", end);
  later();
}

/** Show a banner about the connection to the server; an empty text hides it. */
export function banner(text, kind = "") {
  const place = byId("banner");
  if (place.textContent === text) return;
  place.className = `banner ${kind}`;
  place.replaceChildren(text);
}
