// SPDX-License-Identifier: Apache-2.0
// Times and durations as people in each language write them; Intl does the work. Amounts: money.js.

const MOMENT = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const DAY = { year: "numeric", month: "long", day: "numeric" };

export const moment = (language, rfc3339) => new Intl.DateTimeFormat(language, MOMENT).format(new Date(rfc3339));

export const day = (language, rfc3339) => new Intl.DateTimeFormat(language, DAY).format(new Date(rfc3339));

/** Seconds as 0:47. */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
