// SPDX-License-Identifier: Apache-2.0
// What a shopper may pay with, and what the choice adds up to. Amounts in minor units.

const TOP_UP_STEP = 10000;

/** The state of choosing, from what the backend says may be paid with; what was chosen before stays chosen if it is still there. */
export function with_means(state, { available: balance, set_aside, ...means }, quote) {
  const purses = means.purses.map(({ purse_id, name, held }) => ({ id: purse_id, name, held }));
  const vouchers = means.vouchers.map(({ voucher_id, value, not_after }) => ({ id: voucher_id, value, until: not_after }));
  const before = state.choice ?? { purse: null, vouchers: [], tip: 0 };
  const choice = {
    purse: purses.some(({ id }) => id === before.purse) ? before.purse : null,
    vouchers: before.vouchers.filter((wanted) => vouchers.some(({ id }) => id === wanted)),
    tip: before.tip,
  };
  const tip_offered = state.tip_offered ?? 1 + Math.floor(99 * Math.random());
  const off = quote?.lines.find(({ kind }) => kind === "discount") ?? null; // what is chosen here changes nothing in it
  return summed({ ...state, balance, set_aside, purses, vouchers, choice, tip_offered, off });
}

export const chosen = (state, change) => summed({ ...state, choice: { ...state.choice, ...change }, notice: null });

/** What the chosen source holds. */
const available = ({ balance, purses, choice }) => purses.find(({ id }) => id === choice.purse)?.held ?? balance;

function summed(state) {
  const used = state.vouchers.filter(({ id }) => state.choice.vouchers.includes(id));
  const goods = state.intent.amount + (state.off?.amount ?? 0);
  const worth = used.reduce((sum, { value }) => sum + value, 0);
  const vouchers_value = Math.min(goods, worth);
  const total = goods - vouchers_value + state.choice.tip;
  const missing = Math.max(0, total - state.balance);
  return {
    ...state,
    vouchers_value,
    vouchers_rest: worth - vouchers_value,
    total,
    available: available(state),
    top_up: TOP_UP_STEP * Math.max(1, Math.ceil(missing / TOP_UP_STEP)),
  };
}
