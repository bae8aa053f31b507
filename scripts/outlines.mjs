// Print the shapes of pictures as paths: one for each, by the names in the JSON file that is given.
// Each shape begins with an absolute position, so that they can be joined.

import { readFileSync } from "node:fs";
import { optimize } from "svgo";
const plugins = [
  "removeComments",
  "removeTitle",
  { name: "convertShapeToPath", params: { convertArcs: true } },
  { name: "convertPathData", params: { floatPrecision: 2 } },
  { name: "mergePaths", params: { force: true } },
];
const box = (text) => {
  const of = (name) => Number(text.match(new RegExp(` ${name}="([\\d.]+)"`))?.[1] ?? 0);
  const [r, w, h] = [of("rx") || of("ry"), of("width"), of("height")];
  const [across, down, turn] = [w - 2 * r, h - 2 * r, (x, y) => `a${r} ${r} 0 0 1 ${x} ${y}`];
  return `<path d="M${of("x") + r} ${of("y")}h${across}${turn(r, r)}v${down}${turn(-r, r)}h${-across}${turn(-r, -r)}v${-down}${turn(r, -r)}z"/>`;
};
/** Return a picture without nearly transparent shapes, unless it has no other: joined with those above them they would cut holes. */
const solid = (svg) => {
  const left = svg.replace(/<(path|rect|circle) [^>]*opacity="0?\.[0-3][^>]*(\/>|><\/\1>)/g, "");
  return /<(path|rect|circle) /.test(left) ? left : svg;
};
const outline = (picture) => outlined(solid(picture).replace(/<rect [^>]*rx=[^>]*>/g, box)); // svgo keeps rounded rectangles
const outlined = (svg) => [...optimize(svg, { plugins }).data.matchAll(/ d="([^"]+)"/g)].map((found) => found[1]).join("");
const pictures = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(Object.fromEntries(Object.entries(pictures).map(([name, svg]) => [name, outline(svg)]))));
