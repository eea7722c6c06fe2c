// SPDX-License-Identifier: Apache-2.0
// The virtual phone's face: what its wallet says, in words.

import { element, shape, TONES } from "./build.js";
import { money } from "./money.js";
import { has, word } from "./words.js";

const PLAIN = "plain";
const OUTCOMES = { paid: "approved", stored: "stored", declined: "declined", authorised: "unknown", paid_by_another: "declined", due_paid: "approved" };
const RESULTS = {
  authorised: "unknown", paid: "approved", stored: "stored", declined: "declined", refused: "declined",
  denied: "declined", confirmed: "phone", held: "unknown", paid_another_way: "approved", paid_by_another: "declined",
  due_paid: "approved", due_refused: PLAIN, due_withdrawn: PLAIN, not_enough: PLAIN, torn: PLAIN, nothing_asked: PLAIN, no_reader: PLAIN, no_network: PLAIN, trouble: PLAIN,
};

// Everything the face of a phone shows, given `act(name, more)` for what is pressed on it.
export function face(phone, act) {
  const screen = phone.screen;
  if (screen.kind === "near" || screen.kind === "scanning") return waiting(screen);
  if (screen.kind === "asked") return question(screen, act);
  if (screen.kind in RESULTS) return result(screen, dueOf(phone, screen), act);
  return purse(phone, act);
}

function waiting(screen) {
  return [element("div", { class: "pulse" }), element("p", { class: "say" }, word(`face_${screen.kind}`))];
}

function question(screen, act) {
  const locked = screen.hint === "unlock";
  const yes = element("button", { type: "button", class: "primary", "data-act": "yes", onclick: () => act("decide", { agrees: true }) }, word(locked ? "unlock" : "pay"));
  const no = element("button", { type: "button", "data-act": "no", onclick: () => act("decide", { agrees: false }) }, word("no"));
  return [
    shape(locked ? "lock" : "shape-phone", "shape"),
    element("p", { class: "say" }, word("face_ask", screen.merchant)),
    element("p", { class: "sum" }, money(Math.max(screen.total, 0), screen)),
    element("div", { class: "push" }, yes, no),
  ];
}

// What is asked after all of the payment whose end the phone is showing.
const dueOf = (phone, screen) => (screen.kind === "declined" ? phone.dues.find((due) => due.intent === screen.intent) : undefined);

function answers(due, act) {
  const say = (name, cls, text, pays) =>
    element("button", { type: "button", class: cls, "data-act": name, onclick: () => act("due", { intent: due.intent, pays }) }, text);
  return [say("due-pay", "primary", word("pay"), true), say("due-no", undefined, word("due_no"), false)];
}

const whyOf = (due) => word(has(`due_why_${due.why}`) ? `due_why_${due.why}` : "due_why");

// A shop asks its owner to pay what was declined when it came online again; until answered it stays above the purse.
function notice(due, act) {
  return element(
    "section",
    { class: "due", "data-tone": "stored", "data-due": due.intent },
    element("p", { class: "asks" }, shape("shape-tray"), word("due_asks", due.merchant)),
    element("p", { class: "sum" }, money(due.total, due)),
    element("p", { class: "small" }, whyOf(due)),
    element("div", { class: "answers" }, ...answers(due, act)),
  );
}

function result(screen, due, act) {
  const tone = RESULTS[screen.kind];
  const amount = screen.total ?? screen.amount;
  const sub = screen.again ? "face_authorised_again" : `face_${screen.kind}_text`;
  const done = element("button", { type: "button", class: "quiet", onclick: () => act("wipe") }, word(due ? "due_later" : "ok"));
  return [
    tone === PLAIN ? shape("shape-phone", "shape") : shape(TONES[tone][1], "shape"),
    element("p", { class: "say" }, word(`face_${screen.kind}`)),
    amount !== undefined && screen.currency ? element("p", { class: "sum" }, money(amount, screen)) : null,
    screen.merchant ? element("p", {}, screen.merchant) : null,
    screen.reason !== undefined && has(`reason_${screen.reason}`) ? element("p", { class: "small" }, word(`reason_${screen.reason}`)) : null,
    due ? element("p", { class: "small" }, whyOf(due)) : has(sub) ? element("p", { class: "small" }, word(sub)) : null,
    screen.detail ? element("p", { class: "small" }, screen.detail) : null,
    screen.code ? element("p", { class: "small" }, word("face_code")) : null,
    screen.code ? element("p", { class: "code" }, screen.code.replace(/(\d{4})(?=\d)/, "$1 ")) : null,
    element("div", { class: "push" }, ...(due ? answers(due, act) : []), done),
  ];
}

function purse(phone, act) {
  const purses = phone.balance.map((held) =>
    element(
      "div",
      { class: "purse" },
      element("p", { class: "small" }, word("balance")),
      element("p", { class: "sum", "data-balance": held.currency }, held.amount === null ? "…" : money(held.amount, held)),
      held.set_aside ? element("p", { class: "small", "data-available": held.currency }, word("available", money(held.available, held))) : null,
      held.set_aside ? element("p", { class: "small", "data-set-aside": held.currency }, word("set_aside", money(held.set_aside, held))) : null,
      held.promisable ? element("p", { class: "small" }, word("promisable", money(held.promisable, held))) : null,
      held.promised ? element("p", { class: "small" }, word("promised", money(held.promised, held))) : null,
    ),
  );
  if (!purses.length) purses.push(element("p", { class: "small" }, word(phone.wishes.network ? "no_account" : "face_no_network")));
  const lines = phone.payments.map((paid) => {
    const [tone, mark] = TONES[OUTCOMES[paid.kind]];
    return element("li", { "data-tone": tone, title: word(`face_${paid.kind}`) }, shape(mark), element("span", {}, paid.merchant), element("b", {}, money(paid.total, paid)));
  });
  const past = lines.length ? element("ul", { class: "past" }, ...lines) : element("p", { class: "small" }, word("no_payments"));
  return [...phone.dues.map((due) => notice(due, act)), ...purses, past];
}

export const toneOf = (screen) => TONES[RESULTS[screen.kind] ?? (screen.kind === "asked" ? "phone" : "")]?.[0] ?? "brand";
export const isResult = (screen) => screen.kind in RESULTS || screen.kind === "asked" || screen.kind === "near" || screen.kind === "scanning";
