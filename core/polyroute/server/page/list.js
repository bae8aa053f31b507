// A list of any length of which only what is near the window is in the page.

import { element } from "./dom.js";

const ROW = 60;
const HEAD = 40;
const BEYOND = 8; // rows kept above and below what is seen

/** Show items (`{head}` or `{model}`) in `box`, within the scrolling `frame`. `row(model)` makes a row's content. */
export function createList(frame, box, { row, onactivate, onchoose }) {
  let items = [];
  let tops = [0];
  let active = -1;
  let total = 0;
  const shown = new Map();

  const heightOf = (item) => (item.head ? HEAD : ROW);
  const isRow = (at) => items[at] && !items[at].head;

  function show(next, keepKey) {
    items = next;
    tops = [0];
    for (const item of items) tops.push(tops.at(-1) + heightOf(item));
    total = items.filter((item) => !item.head).length;
    numbered();
    box.style.height = `${tops.at(-1)}px`;
    for (const made of shown.values()) made.remove();
    shown.clear();
    active = keepKey ? items.findIndex((item) => item.key === keepKey) : -1;
    frame.scrollTop = Math.min(frame.scrollTop, tops.at(-1));
    draw();
  }

  function numbered() {
    let number = 0;
    for (const item of items) if (!item.head) item.number = ++number;
  }

  function draw() {
    const first = Math.max(at(frame.scrollTop) - BEYOND, 0);
    const last = Math.min(at(frame.scrollTop + frame.clientHeight) + BEYOND, items.length - 1);
    for (const [position, made] of shown) {
      if ((position < first || position > last) && position !== active) {
        made.remove();
        shown.delete(position);
      }
    }
    for (let position = first; position <= last; position += 1) draw1(position);
    if (active >= 0) draw1(active);
    marked();
  }

  function draw1(position) {
    if (shown.has(position)) return;
    const made = items[position].head ? head(items[position]) : option(items[position], position);
    made.style.transform = `translateY(${tops[position]}px)`;
    shown.set(position, made);
    box.append(made);
  }

  const head = (item) => element("div", { className: "head", role: "presentation" }, item.head);

  const option = (item, position) =>
    element(
      "div",
      {
        className: item.model.usable ? "row" : "row blocked",
        role: "option",
        id: `option-${position}`,
        "aria-selected": "false",
        "aria-setsize": total,
        "aria-posinset": item.number,
        onclick: () => {
          activate(position);
          onactivate(item.model, true);
        },
        ondblclick: () => onchoose(item.model),
      },
      row(item.model),
    );

  function marked() {
    for (const [position, made] of shown) {
      if (isRow(position)) made.setAttribute("aria-selected", String(position === active));
    }
  }

  /** The item at this height. */
  function at(height) {
    let [low, high] = [0, items.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (tops[middle] <= height) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function activate(position) {
    active = position;
    const [top, bottom] = [tops[position], tops[position + 1]];
    if (top - HEAD < frame.scrollTop) frame.scrollTop = Math.max(top - HEAD, 0);
    else if (bottom > frame.scrollTop + frame.clientHeight) frame.scrollTop = bottom - frame.clientHeight;
    draw();
  }

  function move(step) {
    let position = active < 0 && step < 0 ? items.length : active;
    do position += Math.sign(step);
    while (items[position]?.head);
    if (!items[position]) return;
    activate(position);
    onactivate(items[position].model, false);
  }

  frame.addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe(frame);
  return {
    show,
    move,
    page: (step) => Array.from({ length: 8 }).forEach(() => move(step)),
    get active() {
      return items[active]?.model;
    },
    get activeId() {
      return active >= 0 ? `option-${active}` : "";
    },
    get key() {
      return items[active]?.key;
    },
  };
}
