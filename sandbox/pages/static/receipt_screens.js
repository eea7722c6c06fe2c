// SPDX-License-Identifier: Apache-2.0
// The screens of a receipt's page: data in, elements out.

import { h } from "./dom.js";
import { moment } from "./format.js";
import { amount, bar, bill, card, heading, next, ordered, rows, text, verdict } from "./frame.js";
import { say } from "./words.js";

const TONES = { paid: ["approved", "tick"], partly_refunded: ["approved", "tick"], refunded: ["neutral", "bar"] };

/** The page for `state`: {kind: loading | receipt | not_found | unreachable, receipt?}. */
export function screen(language, state, act) {
  return [bar(language, act.choose_language), SCREENS[state.kind](language, state, act)];
}

const SCREENS = {
  loading: (language) => card({ tone: "neutral", verdict: heading(say(language, "loading")), detail: [] }),
  receipt: (language, { receipt: found }) => {
    const [tone, name] = TONES[found.status];
    return card({
      tone,
      verdict: verdict(name, say(language, `receipt_${found.status}`)),
      detail: [
        amount(found.amount, found),
        bill(language, found.lines ?? [], found),
        rows([
          [say(language, "merchant"), h("bdi", {}, found.merchant)],
          [say(language, "paid_at"), moment(language, found.at)],
          [say(language, "sale_number"), found.number],
          ...ordered(found, (key) => say(language, key)),
        ]),
      ],
    });
  },
  not_found: (language) =>
    card({ tone: "neutral", verdict: verdict("question", say(language, "receipt_not_found")), detail: [text(say(language, "receipt_not_found_means"))] }),
  unreachable: (language, _, act) =>
    card({
      tone: "neutral",
      verdict: verdict("cut", say(language, "unreachable")),
      detail: [text(say(language, "unreachable_means"))],
      actions: [next(say(language, "try_again"), act.again)],
    }),
};
