// A diagram of the routes to a model: you, the gateways in between, the provider.

import { svgElement } from "./dom.js";

const [WIDTH, STEP, TOP] = [340, 44, 24];
const [YOU, GATEWAY, PROVIDER] = [26, 160, 288];

/** Return a diagram of `routes` (in order, each `{via, viaName, usable}`) to `providerName`, with the first usable one highlighted. */
export function picture(routes, providerName) {
  const height = TOP * 2 + STEP * Math.max(routes.length - 1, 0);
  const middle = height / 2;
  const chosen = routes.findIndex((route) => route.usable);
  const lines = routes.map((route, at) => line(route, at, middle, at === chosen));
  const label = routes.map((route) => `${route.viaName}: ${route.usable ? "usable" : "not usable"}`).join("; ");
  return svgElement(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `Routes from you to ${providerName}. ${label}.`, class: "picture" },
    ...lines.flat().sort((a, b) => b.classList.contains("path") - a.classList.contains("path")),
    ...node(YOU, middle, "You", "end"),
    ...node(PROVIDER, middle, short(providerName), "end"),
  );
}

function line({ via, viaName, usable }, at, middle, isChosen) {
  const y = TOP + at * STEP;
  const kind = `path ${isChosen ? "chosen" : usable ? "open" : "shut"}`;
  const way = svgElement("path", { class: kind, d: `M${YOU} ${middle} C${YOU + 60} ${middle} ${GATEWAY - 60} ${y} ${GATEWAY} ${y} S${PROVIDER - 60} ${middle} ${PROVIDER} ${middle}` });
  return via === "direct" ? [way, mark(GATEWAY, y, "direct")] : [way, ...node(GATEWAY, y, short(viaName), usable ? "gateway" : "gateway shut")];
}

function mark(x, y, text) {
  return svgElement("text", { x, y: y - 6, class: "label way" }, text);
}

function node(x, y, text, kind) {
  const width = Math.max(text.length * 6.6 + 16, 40);
  return [
    svgElement("rect", { x: x - width / 2, y: y - 13, width, height: 26, rx: 13, class: `node ${kind}` }),
    svgElement("text", { x, y: y + 4, class: `label ${kind}` }, text),
  ];
}

const short = (text) => (text.length > 13 ? `${text.slice(0, 12)}…` : text);
