// SPDX-License-Identifier: Apache-2.0
// One screen for each state of paying: data in, elements out. Nothing here asks the backend or keeps anything.

import { h } from "./dom.js";
import { clock, day, moment } from "./format.js";
import { amount, bar, bill, button, card, fitted, heading, naming, next, ordered, rows, tested, text, verdict } from "./frame.js";
import { money } from "./money.js";
import { reasonKey, say } from "./words.js";

/** The whole page for a state; `act` holds what its buttons do. */
export function screen(language, state, act) {
  const t = (key, values) => say(language, key, values);
  const draw = SCREENS[state.kind];
  return [bar(language, act.choose_language), draw({ language, state, act, t })];
}

/** Bring what counts seconds up to date, and nothing else: whoever is typing or choosing is not disturbed. */
export function tick(root, language, state) {
  const timer = root.querySelector("[role=timer]");
  if (timer === null) return;
  const [key, seconds] = TIMERS[state.kind](state);
  timer.textContent = seconds > 0 || key === "waited" ? say(language, key, { time: clock(seconds) }) : "";
  root.querySelector(".fill")?.style.setProperty("--part", String(Math.min(1, Math.max(0, seconds / CLAIM_S))));
}

const CLAIM_S = 60;
const TIMERS = {
  pay: (state) => ["kept", state.left_s],
  taken: (state) => ["taken_until", state.left_s],
  checking: (state) => ["waited", state.waited_s],
  held: (state) => ["waited", state.waited_s],
};
const timer = () => h("p", { class: "faint", role: "timer" });

/** The heading's words, for the window's title. */
export const titleOf = (language, state) => say(language, TITLES[state.kind] ?? state.kind, title_values(state));

const TITLES = { welcome: "to_pay", paying: "to_pay", pay: "to_pay" };
const title_values = (state) => ({ merchant: state.intent?.merchant.name });

const SCREENS = {
  loading: ({ t }) => card({ tone: "neutral", verdict: heading(t("loading")), detail: [] }),
  welcome,
  pay,
  paying: pay,
  paid,
  code,
  declined,
  checking: waiting("checking", "checking_means"),
  held: waiting("held", "held_means"),
  taken,
  lapsed: notice("clock", "lapsed", "lapsed_means", "go_on"),
  released: notice("bar", "released", "released_means", "go_on"),
  paid_by_other: notice("phone", "paid_by_other", "paid_by_other_means"),
  already_paid: notice("phone", "already_paid", "already_paid_means"),
  expired: ended("clock", "expired", "expired_means"),
  cancelled: ended("bar", "cancelled", "cancelled_means"),
  not_found: notice("question", "not_found", "not_found_means"),
  nothing: notice("phone", "nothing", "nothing_means"),
  unreachable: notice("cut", "unreachable", "unreachable_means", "try_again"),
  too_many: notice("clock", "too_many", "too_many_means", "try_again"),
  refused: notice("bar", "refused", "refused_means", "try_again"),
  failed,
};

// --- signing up ------------------------------------------------------------------------------------------------------

function welcome({ language, state, act, t }) {
  const name = h("input", {
    id: "name", name: "name", required: true, maxlength: 80, autocomplete: "nickname", value: state.name ?? t("name_usual"),
    "aria-describedby": "means", "aria-invalid": state.problem ? "true" : null,
  });
  const submit = (event) => {
    event.preventDefault();
    act.sign_up(name.value.trim().normalize("NFC"));
  };
  const playMoney = money(100000, { currency: "CNY", currency_digits: 2 });
  return card({
    tone: "brand",
    verdict: asked(state.intent, state.intent.amount, t),
    detail: h(
      "form",
      { class: "form", novalidate: true, onsubmit: submit },
      h("h2", { class: "ask" }, t("welcome")),
      text(t("welcome_means", { amount: playMoney }), { id: "means" }),
      h("label", { for: "name" }, t("name")),
      name,
      state.problem ? text(t(state.problem), { class: "alert", role: "alert" }) : null,
      h("div", { class: "actions" }, next(t("start"), null, { type: "submit", disabled: state.busy })),
    ),
  });
}

/** Who asks, for how much, and what both sides of the counter call it. */
const asked = (intent, total, t) => [
  heading(naming(t, "to_pay", "merchant", intent.merchant.name)),
  amount(total, intent),
  text(called(intent, t), { class: "faint", id: "number" }),
];

/** Which sale it is, where there is nothing to pay: the shop, and what both sides of the counter call it. */
const named = (intent, t) => [text(h("bdi", {}, intent.merchant.name), { class: "strong" }), text(called(intent, t), { class: "faint" })];

const called = ({ number, till_reference: reference }, t) =>
  [t("sale_number_is", { number }), reference ? [" · ", naming(t, "order_is", "reference", reference)] : null];

// --- paying ----------------------------------------------------------------------------------------------------------

function pay({ language, state, act, t }) {
  const { intent, choice } = state;
  const busy = state.kind === "paying";
  const show = (minor) => money(minor, intent);
  const lines = [{ kind: "amount", amount: intent.amount }];
  if (state.off) lines.push(state.off);
  if (state.vouchers_value > 0) lines.push({ kind: "voucher", amount: -state.vouchers_value });
  if (choice.tip > 0) lines.push({ kind: "tip", amount: choice.tip });
  const short = !busy && state.available < state.total;
  const from_purse = choice.purse !== null; // which nobody tops up from here
  const to_pay = t("pay_amount", { amount: show(state.total) });
  return card({
    tone: "brand",
    verdict: [asked(intent, state.total, t), bill(language, lines, intent)],
    detail: [
      state.notice ? text(t(state.notice), { class: "alert", role: "alert" }) : null,
      tested(intent, t),
      intent.online ? null : text(t("terminal_offline"), { class: "hint" }),
      h("fieldset", { class: "choices", disabled: busy, "aria-label": t("pay_from") }, sources({ state, act, t, short }), vouchers({ language, state, act, t }), tip({ state, act, t, show })),
      short ? text(t(from_purse ? "purse_short" : "not_enough"), { class: "alert", role: "alert" }) : null,
      busy || state.left_s === undefined ? null : left(),
    ],
    actions: [
      button(t("cancel"), act.cancel, { disabled: busy }),
      short && !from_purse
        ? next(t("top_up", { amount: show(state.top_up) }), act.top_up)
        : next(busy ? t("paying") : to_pay, act.pay, { disabled: busy || short, "aria-busy": busy ? "true" : null }),
    ],
  });
}

function sources({ state, act, t, short }) {
  const { account, balance, set_aside, purses, intent, choice } = state;
  const show = (minor) => money(minor, intent);
  const kept = set_aside > 0 ? text(t("set_aside", { amount: show(set_aside) }), { id: "set-aside", class: "faint" }) : null;
  if (purses.length === 0) {
    return [rows([[h("bdi", {}, t("balance", { name: account.name })), show(balance), short ? "short" : null]]), kept];
  }
  const option = (id, label, held) =>
    h(
      "label",
      { class: "choice" },
      h("input", { id: `purse-${id ?? ""}`, type: "radio", name: "purse", checked: choice.purse === id, onchange: () => act.choose({ purse: id }) }),
      h("span", {}, label),
      fitted(h("span", { class: "held" }, show(held))),
    );
  return [
    h("h2", {}, t("pay_from")),
    option(null, t("balance", { name: account.name }), balance),
    kept,
    purses.map((purse) => option(purse.id, t("purse", { name: purse.name }), purse.held)),
  ];
}

function vouchers({ language, state, act, t }) {
  if (state.vouchers.length === 0) return null;
  const { intent, choice } = state;
  return [
    h("h2", {}, t("vouchers")),
    state.vouchers.map((voucher) =>
      check({
        id: `voucher-${voucher.id}`,
        checked: choice.vouchers.includes(voucher.id),
        label: t("voucher_off", { amount: money(voucher.value, intent) }),
        means: t("voucher_until", { date: day(language, voucher.until) }),
        change: (on) => act.choose({ vouchers: on ? [...choice.vouchers, voucher.id] : choice.vouchers.filter((id) => id !== voucher.id) }),
      }),
    ),
    state.vouchers_rest > 0 ? text(t("voucher_rest", { amount: money(state.vouchers_rest, intent) }), { class: "hint" }) : null,
  ];
}

function tip({ state, act, t, show }) {
  if (!state.intent.online || state.tip_offered === 0) return null;
  return check({
    id: "tip",
    checked: state.choice.tip > 0,
    label: t("tip", { amount: show(state.tip_offered) }),
    means: t("tip_means"),
    change: (on) => act.choose({ tip: on ? state.tip_offered : 0 }),
  });
}

function check({ id, checked, label, means, change }) {
  return h(
    "label",
    { class: "choice" },
    h("input", { id, type: "checkbox", checked, onchange: (event) => change(event.target.checked) }),
    fitted(h("span", {}, label, h("small", {}, means))),
  );
}

function left() {
  return h("div", { class: "left" }, h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: "fill" })), timer());
}

// --- results ---------------------------------------------------------------------------------------------------------

function paid({ language, state, t }) {
  const { payment } = state;
  return card({
    tone: "approved",
    verdict: verdict("tick", t("paid")),
    detail: [amount(payment.total, payment), facts({ language, payment, t })],
    actions: [receiptLink(payment, t)],
  });
}

function code({ language, state, t }) {
  const { payment } = state;
  const digits = payment.confirmation_code;
  return card({
    tone: "approved",
    verdict: verdict("tick", t("paid")),
    detail: [
      h("h2", { class: "ask" }, t("code")),
      h("p", { class: "spoken" }, [...digits].join(" ")),
      h("p", { class: "code", "aria-hidden": "true" }, h("span", {}, digits.slice(0, 4)), h("span", {}, digits.slice(4))),
      text(t("code_means", { amount: money(payment.total, payment) })),
      facts({ language, payment, t }),
    ],
    actions: [receiptLink(payment, t, "quiet")],
  });
}

function facts({ language, payment, t }) {
  const refunded = payment.refunded > 0 ? [[t("line_refunded"), money(-payment.refunded, payment), "off"]] : [];
  return [
    bill(language, payment.lines, payment),
    rows([
      [t("merchant"), h("bdi", {}, payment.merchant.name)],
      [t("paid_at"), moment(language, payment.decided_at)],
      [t("sale_number"), payment.number],
      ...ordered(payment, t),
      ...refunded,
      ...payment.cards.filter((one) => one.kind !== "receipt").map((one) => [one.title, one.text]),
    ]),
  ];
}

// The receipt's address is the backend's own; only its path is followed, so that it stays on this host.
function receiptLink(payment, t, kind = "next") {
  return h("a", { class: `button ${kind}`, href: new URL(payment.receipt_url).pathname }, t("see_receipt"));
}

function declined({ state, t }) {
  return card({
    tone: "declined",
    verdict: verdict("octagon", t("declined")),
    detail: [
      amount(state.intent.amount, state.intent),
      text(called(state.intent, t), { class: "faint" }),
      text(t(reasonKey(state.code, state.reason)), { class: "strong" }),
      tested(state.intent, t) ?? text(t("declined_next")),
    ],
  });
}

function waiting(word, means) {
  return ({ state, t }) =>
    card({
      tone: "unknown",
      verdict: verdict("diamond", t(word)),
      detail: [
        named(state.intent, t),
        amount(state.intent.amount, state.intent),
        text(t(means)),
        tested(state.intent, t),
        timer(),
      ],
    });
}

// --- nothing to pay, or not now --------------------------------------------------------------------------------------

function notice(name, word, means, way) {
  return ({ state, act, t }) =>
    card({
      tone: "neutral",
      verdict: verdict(name, t(word)),
      detail: [state.intent ? named(state.intent, t) : null, text(t(means))],
      actions: way ? [next(t(way), act.again)] : [],
    });
}

/** The page's own script failed; `sent`: after a payment may have gone out. */
function failed({ state, act, t }) {
  return card({
    tone: "neutral",
    verdict: verdict("cut", t("failed")),
    detail: text(t(state.sent ? "failed_sent_means" : "failed_means")),
    actions: [next(t("open_again"), act.reload)],
  });
}

function taken({ state, act, t }) {
  return card({
    tone: "neutral",
    verdict: verdict("phone", t("taken")),
    detail: [
      named(state.intent, t),
      text(t("taken_means")),
      timer(),
    ],
    actions: [next(t("try_again"), act.again)],
  });
}

function ended(name, word, means) {
  return (given) => notice(name, word, given.state.had_paid ? "given_back_means" : means)(given);
}
