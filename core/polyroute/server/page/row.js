// One model in the list.

import { clean, element } from "./dom.js";
import { prices, runs, tokens } from "./models.js";

/** Return the content of a model's row. */
export function rowOf(model, { known, isCurrent, onstar }) {
  const star = { className: "star", "aria-hidden": "true", onclick: (event) => (event.stopPropagation(), onstar(model)) };
  return element(
    "div",
    { className: "row-content" },
    element("span", star, known.favorites.has(model.key) ? "★" : "☆"),
    element("div", { className: "row-name" }, element("span", { className: "name" }, model.name), element("span", { className: "ref" }, clean(model.ref))),
    element("span", { className: "fact" }, tokens(model.context)),
    element("span", { className: "fact" }, prices(model.price)),
    element("span", { className: "fact takes" }, model.takes.join(", ")),
    element("span", { className: model.usable ? "runs" : "runs no" }, isCurrent ? "in use" : runs(model, known)),
  );
}
