// SPDX-License-Identifier: Apache-2.0
// What the page says, from ../locale by way of sentences.js (docs/translating.md); money and times as people write them.

import { SENTENCES } from "./sentences.js";

export const LANGUAGES = ["zh-Hans", "zh-Hant", "en"];
const LOCALES = { "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", en: "en" };

let language = LANGUAGES.includes(localStorage.getItem("language"))
  ? localStorage.getItem("language")
  : guess(navigator.languages);

function guess(wanted) {
  for (const tag of wanted) {
    if (/^zh(-Hant|-TW|-HK|-MO)/i.test(tag)) return "zh-Hant";
    if (/^zh/i.test(tag)) return "zh-Hans";
    if (/^en/i.test(tag)) return "en";
  }
  return "en";
}

export const spoken = () => language;

export function speak(chosen) {
  language = chosen;
  localStorage.setItem("language", chosen);
}

export const has = (key) => key in SENTENCES;

export function word(key, ...values) {
  const found = SENTENCES[key]?.[LANGUAGES.indexOf(language)] ?? key;
  return values.reduce((text, value, at) => text.replaceAll(`{${at}}`, value), found);
}

export const time = (date, seconds = true) =>
  new Intl.DateTimeFormat(LOCALES[language], { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }), hour12: false }).format(date);

export function fillIn(root) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", word(element.dataset.label));
}
