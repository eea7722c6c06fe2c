// SPDX-License-Identifier: Apache-2.0
// The page: what the server says as it happens, what is pressed back to it. No rule of money is here.

import { element, shape, TONES } from "./build.js";
import { Books } from "./books.js";
import { face, isResult, toneOf } from "./phone.js";
import { Screen } from "./screen.js";
import { money } from "./money.js";
import { fillIn, has, LANGUAGES, speak, spoken, time, word } from "./words.js";

const AT_REST = new Set(["settled", "partly_refunded", "refunded", "cancelled", "reversed", "expired", "cancelling", "reversing"]);
const ENDS = new Set(["approved", "declined", "declined_at_sync"]);
const MARKS = {
  idle: "amount", starting: "amount", presented: "phone", signed: "phone", authorised: "unknown", pending: "unknown",
  unknown: "unknown", approved: "approved", accepted_offline: "stored", forwarding: "stored", declined: "declined",
  declined_at_sync: "declined", due_paid: "phone", offline: "stored", over: "amount",
};
// What to try: its name, the amount, how the terminal's line is to be, and the shape of what comes of it.
const TRIES = [
  ["try_paid", 1880, "on", "approved"],
  ["try_declined", 1205, "on", "declined"],
  ["try_unknown", 960, "breaks", "unknown"],
  ["try_stored", 1500, "off", "stored"],
];
const PLAY_MONEY = { currency: "CNY", currency_digits: 2 };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const id = (name) => document.getElementById(name);

const state = { terminal: null, phones: [], switches: { at: {}, can: [], reader_is_virtual: true }, chosen: localStorage.getItem("phone") };
const screen = new Screen(id("screen"), id("screen-away"));
const books = new Books(id("journal"), id("ledger"));

const phone = () => state.phones.find((one) => one.name === state.chosen) ?? state.phones[0];
const act = (name, more = {}) => post({ do: name, phone: phone().name, ...more });

// One after another: what is pressed later may not be carried out earlier.
const LIMIT_MS = 10000;
let posted = Promise.resolve();
const post = (action) => (posted = posted.then(() => deliver(action)));

async function deliver(action) {
  try {
    await fetch("do", { method: "POST", body: JSON.stringify(action), headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(LIMIT_MS) });
    id("gone").hidden = true;
  } catch {
    id("gone").hidden = false;
  }
}

// --- what the server says -------------------------------------------------------------------------------------------

const parts = {
  terminal: (said) => { state.terminal = said; changedAt = performance.now(); drawTerminal(); callNames(); },
  phones: (said) => { state.phones = said; drawPhone(); callNames(); },
  switches: (said) => { state.switches = said; drawSwitches(); drawTerminal(); drawPhone(); },
  journal: (said) => books.put("journal", said),
  ledger: (said) => books.put("ledger", said),
};

function listen() {
  const source = new EventSource("events");
  for (const [name, put] of Object.entries(parts)) source.addEventListener(name, (event) => put(JSON.parse(event.data)));
  source.addEventListener("open", () => { id("gone").hidden = true; });
  source.addEventListener("error", () => {
    id("gone").hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

function callNames() {
  const names = new Map(state.phones.filter((one) => one.account).map((one) => [one.account, word(`name_${one.name}`)]));
  const terminal = state.terminal?.terminal;
  if (terminal) names.set(terminal.merchant_id, terminal.merchant_name);
  books.call(names);
}

// --- the terminal -----------------------------------------------------------------------------------------------------

function guideOf() {
  const { terminal } = state;
  if (!terminal?.terminal) return "starting";
  const sale = terminal.sale?.state;
  if (sale === "presented" && terminal.sale.prompt === "remove_phone") return "signed";
  if (sale === "forwarding") return "accepted_offline";
  if (ENDS.has(sale) && wentOffline(terminal)) return "offline";
  if (!sale || AT_REST.has(sale)) return terminal.link.online ? (sale === "expired" || sale === "cancelled" ? "over" : "idle") : "offline";
  if (terminal.sale.reason?.due?.state === "paid") return "due_paid";
  return has(`guide_${sale}`) ? sale : "idle";
}

// The line was lost after the sale had come to its end: that is the newer news.
function wentOffline({ link, sale }) {
  return !link.online && link.since !== null && Date.parse(link.since) >= Date.parse(sale.history.at(-1)?.at ?? sale.created_at);
}

function drawTerminal() {
  const guide = guideOf();
  const [tone, mark] = TONES[MARKS[guide]];
  document.querySelector(".guide").dataset.tone = tone;
  document.querySelector(".guide").dataset.guide = guide;
  id("guide-mark").setAttribute("href", `#${mark}`);
  setText(id("guide-title"), word(`guide_${guide}`));
  setText(id("guide-text"), word(`guide_${guide}_text`));
  document.querySelector(".terminal").dataset.online = String(state.terminal?.link.online ?? false);
  const ready = state.terminal?.readers?.some((reader) => reader.state === "ready");
  const reader = !ready ? "off" : state.terminal?.sale?.state === "presented" ? "waits" : "ready";
  id("reader").dataset.state = reader;
  setText(id("reader-words"), word(`reader_${reader}`));
  const sale = state.terminal?.sale;
  const code = sale && ["signed", "presented", "pending"].includes(sale.state) && /^https?:/.test(sale.url ?? "") ? sale.url : null;
  id("scan").hidden = id("open").hidden = code === null;
  if (code !== null) id("open").href = code;
}

function drawSwitches() {
  const { at, can } = state.switches;
  for (const button of id("link").children) {
    button.setAttribute("aria-checked", String(button.dataset.to === (at.link ?? "on")));
    button.disabled = !can.includes("link");
  }
  id("plug").setAttribute("aria-checked", String((at.reader ?? "on") === "on"));
  id("plug").disabled = !can.includes("reader");
  setText(id("link-hint"), word(`hint_${at.link ?? "on"}`));
}

const turn = (what, to) => post({ do: "switch", what, to });

// --- the phone --------------------------------------------------------------------------------------------------------

function drawPhone() {
  const shown = phone();
  if (!shown) return;
  id("phones").replaceChildren(
    ...state.phones.map((one) =>
      element("button", { type: "button", "aria-pressed": String(one === shown), "data-phone": one.name, onclick: () => choose(one.name) }, word(`name_${one.name}`)),
    ),
  );
  const frame = id("phone");
  frame.dataset.near = String(shown.near);
  frame.dataset.tone = toneOf(shown.screen);
  drawFace(shown);
  id("sign-network").classList.toggle("off", !shown.wishes.network);
  id("sign-lock").classList.toggle("off", !shown.wishes.locked);
  const hold = id("hold");
  hold.dataset.near = String(shown.near);
  setText(hold, word(shown.near ? "take" : "hold"));
  hold.disabled = !state.switches.reader_is_virtual;
  for (const button of id("owner").children) button.setAttribute("aria-checked", String(shown.wishes[button.dataset.wish]));
  id("tip").value = String(shown.wishes.tip);
  id("moment").value = shown.wishes.moment;
}

let drawnFace = "";

function drawFace(shown) {
  const key = JSON.stringify([shown.name, shown.screen, shown.balance, shown.payments, shown.dues, shown.wishes.network, spoken()]);
  if (key === drawnFace) return; // what is being pressed stays where it is
  drawnFace = key;
  id("face").classList.toggle("result", isResult(shown.screen));
  id("face").dataset.kind = shown.screen.kind;
  id("face").replaceChildren(...face(shown, act).filter((part) => part !== null));
}

function choose(name) {
  state.chosen = name;
  localStorage.setItem("phone", name);
  drawPhone();
  id("phones").querySelector("[aria-pressed=true]").focus();
}

// --- words and presses --------------------------------------------------------------------------------------------------

function setText(where, text) {
  if (where.textContent !== text) where.textContent = text; // said aloud only when it is news
}

function drawAll() {
  document.documentElement.lang = spoken();
  fillIn(document);
  for (const button of document.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === spoken()));
  id("tries").replaceChildren(
    ...TRIES.map(([key, minor, link, mark]) =>
      element("button", { type: "button", "data-tone": TONES[mark][0], "data-try": key, onclick: () => attempt(minor, link) }, shape(TONES[mark][1]), word(key), element("b", {}, money(minor, PLAY_MONEY))),
    ),
  );
  drawTerminal();
  drawSwitches();
  drawPhone();
  books.redraw();
}

// As a cashier types it. The screen takes no digit and no Enter in the blink after it has changed.
const GUARD_MS = 400;
const LINK_LIMIT_MS = 20000;
let changedAt = 0;

async function attempt(minor, link) {
  if (state.switches.at.link !== link && state.switches.can.includes("link")) await turn("link", link);
  const until = performance.now() + LINK_LIMIT_MS; // signed online or offline is settled by what the terminal knows now
  while (state.terminal?.link.online !== (link !== "off") && performance.now() < until) await pause(100);
  await charge(minor);
}

async function charge(minor) {
  const text = `${Math.trunc(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;
  const before = state.terminal?.sale?.id;
  await pause(Math.max(0, GUARD_MS - (performance.now() - changedAt)));
  for (const name of ["delete", ...text]) screen.send({ kind: "key", name });
  screen.canvas.scrollIntoView({ block: "nearest" });
  for (let tries = 0; tries < 5; tries += 1) {
    await pause(GUARD_MS);
    if (state.terminal?.sale?.id !== before) return;
    await screen.send({ kind: "key", name: "enter" });
  }
}

function tick() {
  setText(id("clock"), time(new Date(), false));
}

id("hold").addEventListener("click", () => act(phone().near ? "take" : "bring"));
id("scan").addEventListener("click", () => act("scan"));
id("tip").addEventListener("change", (event) => act("wish", { tip_minor: Number(event.target.value) }));
id("moment").addEventListener("change", (event) => act("wish", { moment: event.target.value }));
for (const button of id("owner").children) {
  button.addEventListener("click", () => act("wish", { [button.dataset.wish]: button.getAttribute("aria-checked") !== "true" }));
}
for (const button of id("link").children) button.addEventListener("click", () => turn("link", button.dataset.to));
id("plug").addEventListener("click", (event) => turn("reader", event.currentTarget.getAttribute("aria-checked") === "true" ? "off" : "on"));
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => { speak(button.dataset.language); screen.speak(spoken()); drawAll(); });
}

drawAll();
tick();
setInterval(tick, 1000);
listen();
screen.speak(LANGUAGES.includes(spoken()) ? spoken() : "en");
screen.follow();
document.addEventListener("keydown", (event) => { if (event.target === document.body) screen.key(event); });
