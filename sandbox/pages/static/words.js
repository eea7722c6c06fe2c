// SPDX-License-Identifier: Apache-2.0
// What the pages say: keys in the code, sentences in ../locale, compiled into sentences.js (docs/translating.md).
// {name} marks a value. Nothing may be read as paid for anything that is not.

import { SENTENCES } from "./sentences.js";

export const LANGUAGES = [
  { tag: "zh-Hans", name: "简体中文" },
  { tag: "zh-Hant", name: "繁體中文" },
  { tag: "en", name: "English" },
];

export const KEYS = Object.keys(SENTENCES);

const has = (key) => Object.prototype.hasOwnProperty.call(SENTENCES, key);

/** The sentence of a key in a language, its values put in. */
export function say(language, key, values = {}) {
  const column = LANGUAGES.findIndex((known) => known.tag === language);
  return SENTENCES[key][column].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** The sentence for a "no": by its code, else its number, else that of 23. */
export function reasonKey(code, reason) {
  return [`code_${code}`, `reason_${reason}`].find(has) ?? "reason_23";
}
