// SPDX-License-Identifier: Apache-2.0
// Amounts as the terminal's screen writes them (ui/i18n/format.py), the same in each language. Never by Intl: its decimals
// are the CLDR's, by which a forint may have none, and an amount would read a hundredfold.

import { SYMBOLS } from "./symbols.js";

/**
 * An amount in minor units taken apart: its sign, symbol, whole part, and fraction with its point. `unit` is what the
 * amount stood in: an answer with `currency` and `currency_digits`. Without these nothing is written at all.
 */
export function parts(minor, { currency, currency_digits: digits }) {
  if (!Number.isSafeInteger(minor) || !Number.isInteger(digits)) throw new TypeError(`no amount: ${minor} ${currency} ${digits}`);
  const text = String(Math.abs(minor)).padStart(digits + 1, "0");
  const point = text.length - digits;
  const symbol = SYMBOLS[currency] ?? currency;
  return {
    sign: minor < 0 ? "−" : "",
    symbol: /[A-Za-z.]$/.test(symbol) ? `${symbol}\u00a0` : symbol,
    whole: text.slice(0, point).replace(/\B(?=(\d{3})+$)/g, ","),
    fraction: digits > 0 ? `.${text.slice(point)}` : "",
  };
}

/** An amount in minor units: ¥18.80, and −¥2.00 for what is taken off; with `plus` also +¥2.00. */
export function money(minor, unit, { plus = false } = {}) {
  const { sign, symbol, whole, fraction } = parts(minor, unit);
  return (sign || (plus ? "+" : "")) + symbol + whole + fraction;
}
