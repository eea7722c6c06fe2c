// SPDX-License-Identifier: Apache-2.0
// Elements from values. Text is always set as text, so a name with tags in it is a name with tags in it.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Text that is on one line, or on the next: an amount with its sign, a number. */
export const unbroken = (text) => element("span", { class: "unbroken" }, text);

/** What stands side by side, with a dot between. */
export const dotted = (parts) => parts.flatMap((part, at) => (at > 0 ? [" · ", part] : [part]).flat());

const SVG = "http://www.w3.org/2000/svg";

export function shape(name, cls = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", cls);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

export const TONES = {
  approved: ["approved", "shape-circle"],
  stored: ["stored", "shape-tray"],
  declined: ["declined", "shape-octagon"],
  unknown: ["unknown", "shape-diamond"],
  amount: ["brand", "shape-amount"],
  phone: ["brand", "shape-phone"],
};
