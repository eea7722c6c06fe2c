// SPDX-License-Identifier: Apache-2.0
// GET /t/ID and /t#P: from the address to the result. Decides which screen there is; the screens are in screens.js.
//
// What must hold: an address alone claims nothing (only a signed-in owner's page does); a page that is left gives its
// claim back; a payment that nobody answered is asked for, never assumed, also by a page that is opened anew; paying again
// is the same payment.

import { Refused, TooMany, Unheard, backend, sign_up } from "./api.js";
import * as keep from "./keep.js";
import { chosen, with_means } from "./means.js";
import { between_tabs, limit, pause, reference_of, seconds_between } from "./ways.js";
import { screen, tick, titleOf } from "./screens.js";
import { keep_shell } from "./shell.js";
import { show, usual_language } from "./show.js";
import { say } from "./words.js";

const SLOW_MS = 4000; // as long as a till waits before it says "checking"
const ANSWER_MS = 15000;
const ASK_EVERY_MS = 2000;
const LOOK_EVERY_S = 4;

const SOON_MS = 1000; // a page that is opened anew: until it says "checking" without an answer
const AT_THE_DOOR = /^\/(t\/?)?$/; // an address that names no sale, and is not cut short
const reference = reference_of(location);
const address = reference?.id ?? reference?.presentation;
const others = between_tabs("pengpos");
let language = usual_language();
let account = keep.account.read();
let state = { kind: "loading" };
let undertaking = 0; // what is begun anew makes the answers to what was begun before it worthless
let looks = 0; // looks under way: on a slow line the next must not overtake and undo them
let seconds = 0;

const api = () => backend(account?.token, reference);

// --- showing ---------------------------------------------------------------------------------------------------------

const FACE = { paying: "pay" };

const AFTER_SENDING = new Set(["paying", "checking", "held", "paid", "code"]);

function set(next) {
  const fresh = (FACE[next.kind] ?? next.kind) !== (FACE[state.kind] ?? state.kind);
  state = next;
  render(fresh);
}

function render(fresh) {
  count();
  tick(show(language, titleOf(language, state), screen(language, state, act), fresh), language, state);
}

/** An entry to this script: it says if it fails. What an app or an add-on runs in the page fails without us. */
const entry = (does) => async (...given) => {
  try {
    return await does(...given);
  } catch (error) {
    on_failure(error);
  }
};

const ACTS = {
  sign_up: begin_account,
  choose: (change) => set(chosen(state, change)),
  pay,
  top_up,
  cancel: give_up,
  again: () => load(),
  reload: () => location.reload(),
  choose_language: (tag) => {
    const typed = document.getElementById("name")?.value;
    if (state.kind === "welcome" && typed !== say(language, "name_usual")) state = { ...state, name: typed };
    language = tag;
    keep.language.write(tag);
    render(false);
  },
};
const act = Object.fromEntries(Object.entries(ACTS).map(([name, does]) => [name, entry(does)]));

// --- from the address to a screen ------------------------------------------------------------------------------------

function begin() {
  if (document.getElementById("terms") === null) render(false); // else the document has said more than "one moment"
  return load();
}

async function load() {
  const mine = ++undertaking;
  if (reference === null) return set({ kind: AT_THE_DOOR.test(location.pathname) ? "nothing" : "not_found" });
  const sent = account === null ? null : keep.sent.read(address); // by this page before, or by another tab
  if (sent !== null) return resume(mine, sent);
  looks += 1;
  try {
    if (account === null) judge(mine, await api().look());
    else await open(mine);
  } catch (error) {
    if (mine === undertaking) await trouble(error);
  } finally {
    looks -= 1;
  }
}

/** How the backend says that it stands: nothing of what was sent, by this tab or another, is on its way any more. */
function stands(next) {
  if (!AFTER_SENDING.has(next.kind)) keep.sent.forget(address);
  set(next);
}

/** How a sale stands that was only looked at. */
function judge(mine, intent, notice = null) {
  if (mine !== undertaking) return undefined;
  const payable = !intent.payment && (intent.status === "created" || intent.claimed_by_me);
  if (!payable) return ended(intent);
  return account === null ? set({ kind: "welcome", intent }) : open(mine, notice);
}

/** Claim it and see what there is to pay with, if it is to be paid by this account. */
async function open(mine, notice = null) {
  const { intent, means, quote } = await api().open();
  if (mine !== undertaking) return;
  if (!means) return ended(intent);
  const { choice, tip_offered } = state; // what was chosen before a failure stays chosen
  const until = intent.claimed_by_me ? deadline(intent) : undefined; // claimed too often: it may be paid all the same
  set(with_means({ kind: "pay", intent, account, notice, until, choice, tip_offered }, means, quote));
}

function ended(intent) {
  if (intent.payment) return result(intent, intent.payment);
  stands((ENDED[intent.status] ?? ENDED.refused)(intent));
}

const ENDED = {
  claimed: (intent) => ({ kind: "taken", intent, until: deadline(intent) }),
  held: (intent) => ({ kind: "taken", intent, until: 0 }),
  approved: (intent) => ({ kind: account === null ? "already_paid" : "paid_by_other", intent }), // by whom, only an account knows
  declined: (intent) => ({ kind: "declined", intent, code: intent.code, reason: intent.reason }),
  cancelled: (intent) => given_up(intent, false),
  expired: (intent) => ({ kind: "expired", intent }),
  refused: (intent) => ({ kind: "refused", intent }),
};

// Whoever lets the time run out has been cancelled by nobody, though the terminal ends it with a cancel.
const given_up = (intent, had_paid) => ({ kind: intent.cancel_reason === "unable_to_complete" ? "expired" : "cancelled", intent, had_paid });

function result(intent, payment) {
  if (payment.status === "approved") return stands({ kind: payment.confirmation_code ? "code" : "paid", intent, payment });
  if (payment.status === "held") return stands({ kind: "held", intent, since: state.kind === "held" ? state.since : performance.now() });
  if (payment.status === "already_paid") return stands({ kind: "paid_by_other", intent });
  if (payment.code === "cancelled") return stands(given_up(intent, true));
  stands({ kind: "declined", intent, code: payment.code, reason: payment.reason });
}

/** A result that cannot be drawn is not one that is being waited for. */
function show_result(intent, payment) {
  try {
    result(intent, payment);
  } catch (error) {
    broken(error, true);
  }
}

/** Our own script failed. `sent`: a payment may have gone out before it did. */
function broken(error, sent) {
  undertaking += 1;
  if (!sent) keep.sent.forget(address);
  console.error(error);
  try {
    set({ kind: "failed", sent });
  } catch {
    document.getElementById("page").textContent = `${say(language, "failed")} ${say(language, sent ? "failed_sent_means" : "failed_means")}`;
  }
}

const may_be_sent = () => AFTER_SENDING.has(state.kind) || keep.sent.read(address) !== null;
const on_failure = (error) => state.kind !== "failed" && broken(error, may_be_sent());

function trouble(error) {
  if (!(error instanceof Refused || error instanceof Unheard)) return broken(error, may_be_sent());
  if (!(error instanceof Refused)) return set({ kind: error instanceof TooMany ? "too_many" : "unreachable" });
  keep.sent.forget(address);
  return refused(error);
}

function refused(error) {
  if (error.status === 401) return forget();
  set({ kind: error.status === 409 ? "refused" : "not_found" });
}

// --- the shopper acts ------------------------------------------------------------------------------------------------

async function begin_account(name) {
  if (name === "") return set({ ...state, name, problem: "name_missing" });
  set({ ...state, name, busy: true, problem: null });
  try {
    const made = await sign_up(name, language);
    account = { name, token: made.token };
    keep.account.write(account);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unheard)) return broken(error, may_be_sent());
    return set({ ...state, busy: false, problem: error instanceof Refused ? "name_unfit" : "unreachable" });
  }
  await load();
}

function forget() {
  account = null; // the backend knows it no more: a sandbox that was made anew
  return load();
}

async function pay() {
  const mine = ++undertaking;
  const before = state;
  const sent = keep.sent.read(address) !== null; // by another tab
  set({ ...before, kind: "paying", notice: null });
  keep.sent.write(address, before.intent);
  const slow = setTimeout(entry(() => mine === undertaking && check(before.intent)), SLOW_MS);
  try {
    const payment = await api().pay({ ...before.choice, total: before.total }, limit(ANSWER_MS));
    if (mine !== undertaking) return;
    others.postMessage(before.intent.intent_id);
    show_result(before.intent, payment);
  } catch (error) {
    if (mine !== undertaking) return;
    if (error instanceof Refused) await refusal(mine, before, error);
    else if (error instanceof Unheard) await ask_until_known(mine, before.intent, ASK_EVERY_MS);
    else broken(error, sent);
  } finally {
    clearTimeout(slow);
  }
}

const MENDABLE = new Set(["insufficient_funds", "over_budget", "wrong_voucher", "voucher_spent", "price_changed"]);

async function refusal(mine, before, error) {
  keep.sent.forget(address); // nothing of it stands
  if (!MENDABLE.has(error.code)) return error.status === 401 ? forget() : load();
  try {
    await open(mine, `code_${error.code}`);
  } catch (again) {
    await trouble(again);
  }
}

function check(intent) {
  const { kind, choice, tip_offered } = state;
  if (kind !== "checking") set({ kind: "checking", intent, since: performance.now(), choice, tip_offered });
}

/** The page is opened anew after a payment was sent. What the document says, it knew a moment ago; it may stay as long. */
async function resume(mine, intent) {
  const opened = document.getElementById("terms") !== null;
  const slow = setTimeout(entry(() => mine === undertaking && check(intent)), opened ? SOON_MS : 0);
  await ask_until_known(mine, intent, 0);
  clearTimeout(slow);
}

/** Nobody answered: ask how it stands. Seen unpaid once may be too early, for what we sent may still be on its way. */
async function ask_until_known(mine, intent, first_ms) {
  let unpaid = 0;
  for (let wait_ms = first_ms; mine === undertaking; wait_ms = ASK_EVERY_MS) {
    if (wait_ms > 0) {
      check(intent);
      await pause(wait_ms);
    }
    try {
      const seen = await api().look();
      if (mine !== undertaking) return;
      const open_still = !seen.payment && (seen.status === "created" || seen.claimed_by_me);
      if (open_still && ++unpaid < 2) continue;
      if (open_still) keep.sent.forget(address);
      others.postMessage(intent.intent_id);
      return await judge(mine, seen, open_still ? "not_paid_yet" : null);
    } catch (error) {
      if (mine === undertaking && !(error instanceof Unheard)) return trouble(error);
    }
  }
}

async function top_up() {
  const mine = ++undertaking;
  const { intent, top_up: amount } = state;
  try {
    await api().top_up(amount, intent.currency);
  } catch (error) {
    if (mine !== undertaking) return undefined;
    return error instanceof Refused ? refused(error) : trouble(error); // it says nothing of what another tab has sent
  }
  try {
    if (mine === undertaking) await open(mine);
  } catch (error) {
    if (mine === undertaking) await trouble(error);
  }
  return undefined;
}

async function give_up() {
  const { intent } = state;
  undertaking += 1;
  set({ kind: "released", intent });
  await let_go();
}

async function let_go() {
  await api().release().catch(() => null); // it lapses by itself
  others.postMessage(null);
}

// --- time, other tabs, leaving ---------------------------------------------------------------------------------------

// Phones' clocks are wrong: the backend's two times give a span, and the span is counted here.
function deadline(intent) {
  return intent.claimed_until ? performance.now() + 1000 * seconds_between(intent.now, intent.claimed_until) : 0;
}

function count() {
  if (state.until !== undefined) state.left_s = (state.until - performance.now()) / 1000;
  if (state.since !== undefined) state.waited_s = (performance.now() - state.since) / 1000;
}

// The backend lets a claim go about when our count ends: so near to it, nobody else has.
const LAPSING_S = 10;
const LET_GO = new Set(["released", "lapsed"]);
const WATCHED = new Set(["pay", "taken", "held", "unreachable", ...LET_GO]);

function each_second() {
  seconds += 1;
  count();
  tick(document.getElementById("page"), language, state);
  if (state.kind === "pay" && state.left_s <= 0) set({ kind: "lapsed", intent: state.intent });
  else if (WATCHED.has(state.kind) && seconds % LOOK_EVERY_S === 0 && !document.hidden) return look_again();
}

const OVER = new Set(["approved", "declined", "cancelled", "expired"]);

/** See whether something changed meanwhile; who is choosing keeps what is chosen, who let go claims nothing. */
async function look_again() {
  if (looks > 0) return;
  if (state.kind !== "pay" && state.kind !== "held" && !LET_GO.has(state.kind)) return load();
  const mine = undertaking;
  looks += 1;
  try {
    let seen = await api().look();
    if (mine !== undertaking) return;
    if (state.kind === "held") return ended(seen);
    if (LET_GO.has(state.kind)) return seen.payment || OVER.has(seen.status) ? await judge(++undertaking, seen) : undefined;
    if (seen.status === "created") {
      if (state.until === undefined) return; // as before: nobody's
      if (state.left_s < LAPSING_S) return set({ kind: "lapsed", intent: state.intent }); // nobody has paid, and others wait
      seen = (await api().open()).intent; // another tab of ours let it go
      if (mine !== undertaking) return;
    }
    if (seen.claimed_by_me && !seen.payment) state.until = deadline(seen);
    else await judge(++undertaking, seen);
  } catch {
    // Not now: the next look or the payment itself will say.
  } finally {
    looks -= 1;
  }
}

others.onmessage = entry(() => WATCHED.has(state.kind) && look_again());
addEventListener("hashchange", () => location.reload()); // another code was scanned into this tab
addEventListener("pageshow", entry((event) => event.persisted && !AFTER_SENDING.has(state.kind) && load()));
addEventListener("pagehide", entry(() => state.kind === "pay" && let_go()));
document.addEventListener("visibilitychange", entry(() => !document.hidden && WATCHED.has(state.kind) && look_again()));

entry(begin)();
setInterval(entry(each_second), 1000);
keep_shell();
