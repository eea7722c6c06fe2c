// SPDX-License-Identifier: Apache-2.0
// GET /r/TOKEN: merchant, amount and time, and whether money has gone back since. Whoever has the address may see it.

import { Refused, receipt } from "./api.js";
import * as keep from "./keep.js";
import { screen } from "./receipt_screens.js";
import { keep_shell } from "./shell.js";
import { show, usual_language } from "./show.js";
import { say } from "./words.js";

const AGAIN_MS = 3000;
let language = usual_language();
let state = { kind: "loading" };

const act = {
  again: () => load(),
  choose_language: (chosen) => {
    language = chosen;
    keep.language.write(chosen);
    render(false);
  },
};

function render(fresh) {
  show(language, say(language, "receipt"), screen(language, state, act), fresh);
}

async function load() {
  try {
    state = { kind: "receipt", receipt: await receipt(location.pathname.split("/").pop()) };
  } catch (error) {
    state = { kind: error instanceof Refused ? "not_found" : "unreachable" };
    if (state.kind === "unreachable") setTimeout(load, AGAIN_MS);
  }
  render(true);
}

if (document.getElementById("terms") === null) render(false); // else the document has said more than "one moment"
load();
keep_shell();
