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

const TRADITIONAL = /^(zh-(tw|hk|mo)|yue)\b/;
const CHINESE = /^(zh|yue|wuu|gan|hak|hsn|nan|cdo|cmn)$/;

/** The first of ours that a browser's languages ask for; English for all others. A tag that is none is passed over. */
export function preferred(tags) {
  for (const given of tags) {
    const tag = String(given).toLowerCase().replace(/_/g, "-").replace(/[.@].*$/, "");
    const [main] = tag.split("-");
    if (CHINESE.test(main)) {
      if (/-hans\b/.test(tag)) return "zh-Hans";
      return /-hant\b/.test(tag) || TRADITIONAL.test(tag) ? "zh-Hant" : "zh-Hans";
    }
    if (main === "en") return "en";
  }
  return "en";
}
