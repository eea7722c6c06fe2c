// SPDX-License-Identifier: Apache-2.0
// Times and durations as people in each language write them; Intl does the work. Amounts: money.js.

const MOMENT = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const DAY = { year: "numeric", month: "long", day: "numeric" };

export const moment = (language, rfc3339) => written(language, MOMENT, new Date(rfc3339));

export const day = (language, rfc3339) => written(language, DAY, new Date(rfc3339));

/** A result is not lost for want of a calendar: without Intl the browser's own way of writing a time will do. */
function written(language, form, date) {
  try {
    return new Intl.DateTimeFormat(language, form).format(date);
  } catch {
    return date.toLocaleString();
  }
}

/** Seconds as 0:47. */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
