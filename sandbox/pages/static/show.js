// SPDX-License-Identifier: Apache-2.0
// Puts a page's elements on the page, in the language of its reader, and keeps the keyboard where it was.

import * as keep from "./keep.js";
import { preferred } from "./languages.js";
import { LANGUAGES, say } from "./words.js";

/** The language chosen here before, else the browser's. */
export function usual_language() {
  const kept = keep.language.read();
  return LANGUAGES.some(({ tag }) => tag === kept) ? kept : preferred(navigator.languages || [navigator.language]);
}

/** Show `elements` under `title`; `fresh`: another screen than before, so that its heading is read out. */
export function show(language, title, elements, fresh) {
  const root = document.getElementById("page");
  const held = fresh ? null : document.activeElement?.id;
  document.documentElement.lang = language;
  document.title = `${title} · ${say(language, "brand")}`;
  root.textContent = ""; // replaceChildren is missing from phones that are still in use
  root.append(...elements);
  if (fresh) root.querySelector("h1")?.focus({ preventScroll: true });
  else if (held) document.getElementById(held)?.focus({ preventScroll: true });
  return root;
}
