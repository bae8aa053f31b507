// Small parts that all views use: icons, marks, numbers, and how a model runs.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./assets/preact.js";
import { icons, marks } from "./assets/pictures.js";
import { doc, say, set, state, toast } from "./store.js";

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Return a name from a plugin without characters that are invisible or change the direction of what follows. */
export const clean = (text, but = "") => String(text).replace(INVISIBLE, (each) => (each === but ? each : ""));

/** A picture of one line width; only for the eye, since words stand beside it. */
export const Icon = ({ name, filled, kind = "" }) =>
  html`<svg class=${`icon ${filled ? "filled" : kind}`} viewBox="0 0 24 24" aria-hidden="true"><path d=${icons[name]} /></svg>`;

/** The mark of a maker or provider; its first letter if there is none. */
export const Mark = ({ id, name }) =>
  html`<span class="mark" aria-hidden="true">
    ${marks[id] ? html`<svg viewBox="0 0 24 24"><path fill-rule="evenodd" d=${marks[id]} /></svg>` : clean(name || id).replace(/^\W+/, "").slice(0, 1).toUpperCase()}
  </span>`;

/** Load the marks that are not among the first. */
export async function moreMarks() {
  Object.assign(marks, (await import("./assets/more-marks.js")).marks);
  set({});
}

/** Return the display name of a provider or maker. */
export const nameOf = (id) => clean(doc("llm/models")?.names[id] ?? id);

/** An ID, which reads from left to right in every language; with `copy`, a button that copies it. */
export const Code = ({ text, copy }) =>
  copy
    ? html`<button type="button" class="code copies" title="Copy" aria-label=${`Copy ${text}`} onClick=${() => copied(text)}><bdi dir="ltr">${text}</bdi><${Icon} name="copy" /></button>`
    : html`<code class="code"><bdi dir="ltr">${text}</bdi></code>`;

const PLACES = { env: "the environment", keyring: "your keyring", organisation: "the organisation" };

/** Return in words where a credential was found. */
export const placeOf = ({ layer, path }) => PLACES[layer] ?? clean(path || `the ${layer}`);

/** Return a text with what stands between backticks as code. */
export const withCode = (text) => text.split("`").map((each, at) => (at % 2 ? html`<code>${each}</code>` : each));

/** What was said of a thing. It stays until it is dismissed, and a screen reader hears it at once. */
export function Said({ at, name }) {
  const said = state.said[at];
  const element = useRef();
  useEffect(() => element.current?.scrollIntoView({ block: "nearest" }), [said]);
  return said
    ? html`<div class=${said.isFault ? "said bad" : "said"} ref=${element}>
        <p role="alert" id=${`said ${at}`.replaceAll(" ", "-")}>${name && `${clean(name)}: `}${withCode(clean(said.text))}</p>
        <button type="button" class="quiet square" aria-label="Dismiss" onClick=${() => (said.from?.isConnected && said.from.focus(), say(at))}><${Icon} name="x" /></button>
      </div>`
    : null;
}

/** Copy a text and say so. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("The browser does not allow copying here.");
  }
}

const short = (number) => String(Number(number.toFixed(number < 10 ? 1 : 0)));

/** Format a number of tokens, for example "128K". */
export const tokens = (count) => (!count ? "–" : count >= 999_500 ? `${short(count / 1e6)}M` : `${Math.round(count / 1000) || short(count / 1000)}K`);

/** Format one price in US dollars per million tokens. */
export function dollars(amount) {
  if (amount === undefined || amount === null) return "–";
  const digits = Number.isInteger(amount) ? 0 : amount >= 0.1 ? 2 : 4;
  return `$${amount.toFixed(digits).replace(/(\.\d\d+?)0+$/, "$1")}`;
}

const KINDS = { free: "free", plan: "in plan", local: "free", unknown: "–" };

/** Return the texts of a price: input and output, or one word and nothing. */
export const prices = (price) => (KINDS[price.kind] ? [KINDS[price.kind], ""] : [dollars(price.input), dollars(price.output)]);

/** Format a date as "Apr 2026", or whole as "29 Sep 2025". */
export function dated(text, whole = false) {
  const [year, month, day] = (text ?? "").split("-");
  if (!year) return "–";
  const name = MONTHS[Number(month) - 1];
  return [whole && day && Number(day), name, year].filter(Boolean).join(" ");
}

/** Format a number with commas. */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

/** Return "1 model", "2 models". */
export const counted = (number, word) => `${grouped(number)} ${word}${number === 1 ? "" : "s"}`;

/** Return what is wrong, without keys that are about to be removed. It is not asked for before the first frame. */
export const problems = () => (state.drawn ? doc("llm/problems") : null)?.problems.filter((each) => each.code !== "key-refused" || !state.removedKeys.has(each.affects[0]));

/** Return in a few words how a model runs, or what it needs. */
export function runs(model) {
  const { usable, checked, via, provider, missing } = model.runs;
  if (problems()?.some((each) => each.code === "key-refused" && each.affects.includes(provider))) return "key refused";
  if (model.runs.allowed === false) return "not allowed";
  if (!usable && !missing && model.runs.server) return "not running";
  if (!usable) return missing === "settings" ? "needs setting up" : "needs a key";
  if (checked === false && state.servers[provider]?.state === "not_running") return "not running";
  if (checked === false && !state.servers[provider]) return `at ${nameOf(provider)}, not asked yet`;
  if (via !== "direct") return `via ${nameOf(via)}`;
  if (model.price.kind === "local") return "on this machine";
  return provider === model.id.split("/")[0] ? "direct" : `at ${nameOf(provider)}`;
}

/** A filled dot for what runs, a ring for what does not. */
export const Dot = ({ on, bad }) => html`<span class=${`dot${on ? " on" : ""}${bad ? " bad" : ""}`} aria-hidden="true"></span>`;

export const CAN = [
  ["t", "tools", "Tools", "wrench", "Tools"],
  ["r", "reasoning", "Reasoning", "brain", "Reasoning"],
  ["v", "image", "Images", "eye", "Images"],
  ["p", "pdf", "PDF", "file-text", "PDF"],
  ["s", "structuredOutput", "Structured", "braces", "Structured output"],
  ["a", "audio", "Audio", "audio-lines", "Audio"],
];
/** The abilities in the order of their places: the letter in the address, the name in documents, chip, icon, full name. */

/** The places of what a model can, always in the same order. */
export const Abilities = ({ can = [] }) => {
  const known = CAN.filter(([, name]) => can.includes(name));
  return html`<svg class="icon abilities" viewBox="0 0 204 24" role="img" aria-label=${known.map((each) => each[4]).join(", ") || "Nothing else known"}>
    ${CAN.map(([, name, , icon], at) => can.includes(name) && html`<path d=${icons[icon]} transform=${`translate(${at * 36} 0)`} />`)}
  </svg>`;
};

/** A dialog in front of everything. It takes the focus, gives it back, and closes with Escape. */
export function Dialog({ label, className = "", onclose, children }) {
  const element = useRef();
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  return html`<dialog ref=${element} class=${`dialog ${className}`} aria-label=${label} onClose=${onclose} onClick=${(event) => event.target === element.current && onclose()}>${children}</dialog>`;
}

/** A part of the page that is loaded when it is first shown. */
export function later(load) {
  let found = null;
  return (properties) => {
    const [, redraw] = useState(0);
    if (!found) load().then((module) => ((found = module.default), redraw(1)));
    return found ? html`<${found} ...${properties} />` : null;
  };
}
