// A virtual list: only the rows near the visible part are in the page.

import { element } from "./dom.js";

const ROW = 60;
const HEAD = 40;
const MARGIN_ROWS = 8; // rows kept above and below the visible part

/** Show items (`{head}` or `{model}`) in `box`, within the scrolling `frame`. `row(model)` returns a row's content. */
export function createList(frame, box, { row, onactivate, onchoose }) {
  let items = [];
  let tops = [0];
  let active = -1;
  let total = 0;
  const rendered = new Map();

  const heightOf = (item) => (item.head ? HEAD : ROW);
  const isRow = (at) => items[at] && !items[at].head;

  function show(next, keepKey) {
    items = next;
    tops = [0];
    for (const item of items) tops.push(tops.at(-1) + heightOf(item));
    total = items.filter((item) => !item.head).length;
    numberRows();
    box.style.height = `${tops.at(-1)}px`;
    for (const node of rendered.values()) node.remove();
    rendered.clear();
    active = keepKey ? items.findIndex((item) => item.key === keepKey) : -1;
    frame.scrollTop = Math.min(frame.scrollTop, tops.at(-1));
    draw();
  }

  function numberRows() {
    let number = 0;
    for (const item of items) if (!item.head) item.number = ++number;
  }

  function draw() {
    const first = Math.max(at(frame.scrollTop) - MARGIN_ROWS, 0);
    const last = Math.min(at(frame.scrollTop + frame.clientHeight) + MARGIN_ROWS, items.length - 1);
    for (const [position, node] of rendered) {
      if ((position < first || position > last) && position !== active) {
        node.remove();
        rendered.delete(position);
      }
    }
    for (let position = first; position <= last; position += 1) drawRow(position);
    if (active >= 0) drawRow(active);
    markActive();
  }

  function drawRow(position) {
    if (rendered.has(position)) return;
    const node = items[position].head ? head(items[position]) : option(items[position], position);
    node.style.transform = `translateY(${tops[position]}px)`;
    rendered.set(position, node);
    box.append(node);
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

  function markActive() {
    for (const [position, node] of rendered) {
      if (isRow(position)) node.setAttribute("aria-selected", String(position === active));
    }
  }

  /** Return the position of the item at this height, in pixels. */
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
