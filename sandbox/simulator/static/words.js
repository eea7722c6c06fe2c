// SPDX-License-Identifier: Apache-2.0
// What the page says, from ../locale by way of sentences.js (docs/translating.md); money and times as people write them.

import { preferred } from "./languages.js";
import { SENTENCES } from "./sentences.js";

export const LANGUAGES = ["zh-Hans", "zh-Hant", "en"];
const LOCALES = { "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", en: "en" };

let language = LANGUAGES.includes(kept()) ? kept() : preferred(navigator.languages || [navigator.language]);

/** A browser that may keep nothing chooses anew each time. */
function kept() {
  try {
    return localStorage.getItem("language");
  } catch {
    return null;
  }
}

export const spoken = () => language;

export function speak(chosen) {
  language = chosen;
  try {
    localStorage.setItem("language", chosen);
  } catch {
    // Not allowed, or no room: this page speaks it all the same.
  }
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
