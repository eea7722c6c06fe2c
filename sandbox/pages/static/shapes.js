// SPDX-License-Identifier: Apache-2.0
// The shapes that tell states apart without colour: circle with a tick, octagon, diamond; a square for all that is no
// result. The same as on the till's screen.

import { svg } from "./dom.js";

const line = (d) => svg("path", { d, class: "mark" });
const dot = (x) => svg("circle", { cx: x, cy: 50, r: 5.5, class: "dot" });

const DRAWN = {
  tick: () => [svg("circle", { cx: 50, cy: 50, r: 46 }), line("M29 52 L44 66 L72 36")],
  octagon: () => [svg("path", { d: "M32 5 H68 L95 32 V68 L68 95 H32 L5 68 V32 Z" }), line("M35 35 L65 65 M65 35 L35 65")],
  diamond: () => [svg("path", { d: "M50 2 L98 50 L50 98 L2 50 Z" }), dot(31), dot(50), dot(69)],
  clock: () => [square(), svg("circle", { cx: 50, cy: 50, r: 24, class: "mark" }), line("M50 36 V50 L60 56")],
  bar: () => [square(), line("M32 50 H68")],
  question: () => [square(), line("M38 41 C38 26 62 26 62 41 C62 50 50 50 50 60"), svg("circle", { cx: 50, cy: 73, r: 5, class: "dot" })],
  cut: () => [square(), line("M26 50 H40 M60 50 H74 M56 34 L44 66")],
  phone: () => [square(), svg("rect", { x: 36, y: 24, width: 28, height: 52, rx: 6, class: "mark" }), line("M46 67 H54")],
};

const square = () => svg("rect", { x: 7, y: 7, width: 86, height: 86, rx: 22 });

/** A shape; the word beside it says the same, so that it is hidden from those who listen. */
export function shape(name) {
  return svg("svg", { viewBox: "0 0 100 100", class: "shape", "aria-hidden": "true" }, DRAWN[name]());
}
