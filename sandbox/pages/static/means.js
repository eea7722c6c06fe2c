// SPDX-License-Identifier: Apache-2.0
// What a shopper may pay with, and what the choice adds up to. Amounts in minor units.

const TOP_UP_STEP = 10000;

/** What there is to choose from for an intent: balance, purses and vouchers that fit. */
export async function choices(api, intent) {
  const [balance, purses, vouchers] = await Promise.all([api.balance(), api.purses(), api.vouchers()]);
  const held = (balances) => balances.find(({ currency }) => currency === intent.currency)?.amount ?? 0;
  return {
    balance: balance.currency === intent.currency ? balance.available : held(balance.balances),
    set_aside: balance.currency === intent.currency ? balance.set_aside : 0,
    purses: purses.purses.map((purse) => ({ id: purse.purse_id, name: purse.name, held: held(purse.balances) })),
    vouchers: intent.online ? vouchers.vouchers.filter((voucher) => fits(voucher, intent)).map(({ voucher_id, value, not_after }) => ({ id: voucher_id, value, until: not_after })) : [],
  };
}

function fits(voucher, intent) {
  const now = Date.parse(intent.now);
  return (
    !voucher.spent &&
    voucher.merchant_id === intent.merchant.id &&
    voucher.currency === intent.currency &&
    intent.amount >= voucher.minimum &&
    Date.parse(voucher.not_before) <= now &&
    now <= Date.parse(voucher.not_after)
  );
}

/** The state of choosing, from what was found; what was chosen before stays chosen if it is still there. */
export function with_means(state, { balance, set_aside, purses, vouchers }) {
  const before = state.choice ?? { purse: null, vouchers: [], tip: 0 };
  const choice = {
    purse: purses.some(({ id }) => id === before.purse) ? before.purse : null,
    vouchers: before.vouchers.filter((wanted) => vouchers.some(({ id }) => id === wanted)),
    tip: before.tip,
  };
  const tip_offered = state.tip_offered ?? 1 + Math.floor(99 * Math.random());
  return summed({ ...state, balance, set_aside, purses, vouchers, choice, tip_offered });
}

export const chosen = (state, change) => summed({ ...state, choice: { ...state.choice, ...change }, notice: null });

/** What the chosen source holds. */
const available = ({ balance, purses, choice }) => purses.find(({ id }) => id === choice.purse)?.held ?? balance;

function summed(state) {
  const used = state.vouchers.filter(({ id }) => state.choice.vouchers.includes(id));
  const vouchers_value = used.reduce((sum, { value }) => sum + value, 0);
  const total = Math.max(0, state.intent.amount - vouchers_value) + state.choice.tip;
  const missing = Math.max(0, total - state.balance);
  return {
    ...state,
    vouchers_value,
    total,
    available: available(state),
    top_up: TOP_UP_STEP * Math.max(1, Math.ceil(missing / TOP_UP_STEP)),
  };
}
