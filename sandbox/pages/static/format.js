// SPDX-License-Identifier: Apache-2.0
// Money, times and durations as people in each language write them; Intl does the work.

/** An amount in minor units taken apart: its sign, symbol, whole part, and fraction with its separator. */
export function parts(language, minor, currency) {
  const format = new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  const places = format.resolvedOptions().maximumFractionDigits;
  const found = format.formatToParts(decimal(Math.abs(minor), places));
  const of = (...types) => found.filter((part) => types.includes(part.type)).map((part) => part.value).join("");
  return {
    sign: minor < 0 ? "−" : "",
    symbol: of("currency"),
    whole: of("integer", "group"),
    fraction: of("decimal", "fraction"),
  };
}

/** An amount in minor units: ¥18.80, and −¥2.00 for what is taken off. */
export function money(language, minor, currency) {
  const { sign, symbol, whole, fraction } = parts(language, minor, currency);
  return sign + symbol + whole + fraction;
}

// As text, since a division would make a float of it.
function decimal(minor, places) {
  const digits = String(minor).padStart(places + 1, "0");
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

const MOMENT = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const DAY = { year: "numeric", month: "long", day: "numeric" };

export const moment = (language, rfc3339) => new Intl.DateTimeFormat(language, MOMENT).format(new Date(rfc3339));

export const day = (language, rfc3339) => new Intl.DateTimeFormat(language, DAY).format(new Date(rfc3339));

/** Seconds as 0:47. */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
