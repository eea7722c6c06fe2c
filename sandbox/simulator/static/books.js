// SPDX-License-Identifier: Apache-2.0
// Journal and ledger, a row each, the newest on top, every one in plain words.

import { dotted, element, unbroken } from "./build.js";
import { money } from "./money.js";
import { has, time, word } from "./words.js";

const TONES = {
  approved: "approved", settled: "approved", accepted_offline: "stored", forwarding: "stored", declined: "declined",
  declined_at_sync: "declined", unknown: "unknown", authorised: "brand",
};
const KINDS = new Set(["document", "value", "head", "issuer-time", "epoch"]);

// Puts rows that are not there yet on top, and takes the oldest away; `keyOf` tells them apart.
function grow(list, rows, keyOf, draw, fresh) {
  const known = new Set([...list.children].map((row) => row.dataset.key));
  const wanted = new Set(rows.map((row) => String(keyOf(row))));
  for (const row of [...list.children]) if (!wanted.has(row.dataset.key)) row.remove();
  for (const row of rows) {
    const key = String(keyOf(row));
    if (known.has(key)) continue;
    const drawn = draw(row);
    drawn.dataset.key = key;
    if (fresh) drawn.classList.add("new");
    list.prepend(drawn);
  }
  if (!rows.length) list.replaceChildren(element("li", { class: "empty" }, word("nothing_yet")));
}

export class Books {
  constructor(journal, ledger) {
    this.lists = { journal, ledger };
    this.rows = { journal: [], ledger: [] };
    this.names = new Map();
    this.seen = { journal: false, ledger: false };
  }

  put(which, rows) {
    this.rows[which] = withRepeats(which, rows);
    this.draw(which);
    this.seen[which] = true;
  }

  call(names) {
    const before = JSON.stringify([...this.names]);
    this.names = names;
    if (JSON.stringify([...names]) !== before) this.redraw(["ledger"]);
  }

  redraw(which = ["journal", "ledger"]) {
    for (const one of which) {
      this.lists[one].replaceChildren();
      this.seen[one] = false;
      this.draw(one);
      this.seen[one] = true;
    }
  }

  draw(which) {
    const [keyOf, draw] = which === "journal" ? [(row) => row.seq, journalRow] : [(row) => row.number, (row) => ledgerRow(row, this.names)];
    grow(this.lists[which], this.rows[which], keyOf, draw, this.seen[which]);
  }
}

// A sale's row in the state it had before is a note about it, not an arrow.
function withRepeats(which, rows) {
  if (which !== "journal") return rows;
  const before = new Map();
  return rows.map((row) => {
    if (row.kind !== "sale") return row;
    const last = before.get(row.number);
    before.set(row.number, row);
    return { ...row, note: last?.state === row.state ? noteOf(row, last) : null };
  });
}

function journalRow(row) {
  const key = row.kind === "sale" ? row.note ?? row.state : KINDS.has(row.kind) ? row.kind.replace("-", "_") : "other";
  const title = word(has(`j_${key}`) ? `j_${key}` : "j_note");
  const tone = row.kind === "sale" && !row.note ? TONES[row.state] : undefined;
  return element(
    "li",
    { "data-tone": tone, "data-state": row.state ?? row.kind, "data-note": row.note ?? undefined },
    element("span", { class: "no" }, String(row.seq)),
    element("span", { class: "what" }, title),
    element("span", { class: "sum" }, row.kind === "sale" ? money(row.total, row) : ""),
    element("span", { class: "why" }, word(`j_${key}_text`)),
    element("span", { class: "hash" }, ""),
    element("span", { class: "hash" }, ...dotted([time(new Date(row.at * 1000)), row.number, row.hash].filter(Boolean).map(unbroken))),
  );
}

// What is new in a row whose state is not.
function noteOf(row, last) {
  const news = [row.notice !== last.notice && row.notice, row.prompt !== last.prompt && row.prompt, row.retry && !last.retry && "retry",
    row.told && !last.told && "told", row.code && !last.code && "code", row.due !== last.due && row.due && `due_${row.due}`];
  return news.find((key) => key && has(`j_${key}_text`)) ?? "note";
}

function ledgerRow(row, names) {
  const who = (entry) => names.get(entry.owner) ?? word(`who_${entry.account}`);
  const moves = row.entries.map((entry) => [`${who(entry)} `, unbroken(money(entry.amount, entry, { plus: true }))]);
  const gains = row.entries.filter((entry) => entry.amount > 0);
  const [taken] = gains;
  const tone = { payment: "approved", due: "approved", refund: "unknown", reversal: "unknown" }[row.kind];
  return element(
    "li",
    { "data-tone": tone, "data-kind": row.kind },
    element("span", { class: "no" }, String(row.number)),
    element("span", { class: "what" }, word(`l_${row.kind}`)),
    element("span", { class: "sum" }, taken ? money(gains.reduce((sum, entry) => sum + entry.amount, 0), taken) : ""),
    element("span", { class: "moves" }, ...dotted(moves)),
    element("span", {}, ""),
    element("span", { class: "hash" }, time(new Date(row.at))),
  );
}
