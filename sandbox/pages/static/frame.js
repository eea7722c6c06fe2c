// SPDX-License-Identifier: Apache-2.0
// What every screen is built of: the bar above, the verdict (shape, word, tone), the detail beside it, the way on.

import { h } from "./dom.js";
import { money, parts } from "./money.js";
import { shape } from "./shapes.js";
import { LANGUAGES, say } from "./words.js";

/** The bar: whose page this is, that the money is play money, and the language. */
export function bar(language, choose) {
  const options = LANGUAGES.map(({ tag, name }) => h("option", { value: tag, lang: tag, selected: tag === language }, name));
  return h(
    "header",
    { class: "bar" },
    h("span", { class: "brand" }, say(language, "brand")),
    h("span", { class: "chip" }, say(language, "play_money")),
    h("select", { "aria-label": say(language, "language"), onchange: (event) => choose(event.target.value) }, options),
  );
}

/** A card in two halves: what it is, and what there is to know and to do about it. */
export function card({ tone, verdict, detail, actions = [] }) {
  return h(
    "main",
    { class: "card", "data-tone": tone },
    h("section", { class: "verdict" }, verdict),
    h("section", { class: "detail" }, detail, actions.length > 0 ? h("div", { class: "actions" }, actions) : null),
  );
}

/** Shape and word of a state; the word is the heading, and takes the focus so that it is read out. */
export function verdict(name, word) {
  return [shape(name), heading(word)];
}

const MARK = "\ufffc";

/** A sentence of `t` with what people have called something in it, which may run the other way than the sentence. */
export const naming = (t, key, name, value) => {
  const [before, after] = t(key, { [name]: MARK }).split(MARK);
  return [before, h("bdi", {}, value), after];
};

export const heading = (text) => h("h1", { tabindex: -1 }, text);

export const text = (words, attributes = {}) => fitted(h("p", attributes, words));

const LONG_SUM = /[^\s\u2e80-\uffef]?[\d,.]{11,}/;

/** A sum that may be wider than a small screen with large letters is written smaller, and never broken. */
export function fitted(element) {
  const sum = LONG_SUM.exec(element.textContent);
  if (sum !== null) {
    element.classList.add("fitted");
    element.style.setProperty("--length", String(sum[0].length));
  }
  return element;
}

/** The amount, the largest thing there is; its size follows from its length so that it never breaks. */
export function amount(minor, unit) {
  const { sign, symbol, whole, fraction } = parts(minor, unit);
  const shown = h(
    "p",
    { class: "amount" },
    h("span", { class: "symbol" }, sign + symbol),
    h("span", { class: "whole" }, whole),
    h("span", { class: "fraction" }, fraction),
  );
  shown.style.setProperty("--length", String(whole.length + 0.6 * (symbol.length + fraction.length)));
  return shown;
}

/** Rows of a label and what belongs to it. */
export function rows(pairs) {
  return h(
    "dl",
    { class: "rows" },
    pairs.map(([label, value, name]) => h("div", { class: name ?? null }, h("dt", {}, label), fitted(h("dd", {}, value)))),
  );
}

/** What the till calls its order, as rows, where it says. */
export const ordered = ({ till_reference: reference }, t) => (reference ? [[t("order"), h("bdi", {}, reference)]] : []);

/** That the amount is one for testing, where it is one: what happens then is no fault of anybody's. */
export const tested = (intent, t) => (intent.test_amount ? text(t("test_amount"), { class: "hint" }) : null);

/** The lines of a bill; a single one says nothing that the amount does not. */
export function bill(language, lines, unit) {
  if (lines.length < 2) return null;
  return rows(lines.map((line) => [line_label(language, line), money(line.amount, unit), line.amount < 0 ? "off" : null]));
}

/** What a line is; of a campaign also what the shop calls it. */
const line_label = (language, { kind, name }) => (name ? [say(language, `line_${kind}`), " · ", h("bdi", {}, name)] : say(language, `line_${kind}`));

export const button = (label, onclick, attributes = {}) => fitted(h("button", { type: "button", onclick, ...attributes }, label));

/** The next action: the only filled button, last. */
export const next = (label, onclick, attributes = {}) => button(label, onclick, { class: "next", ...attributes });
