// SPDX-License-Identifier: Apache-2.0
// The wallet API as the pages need it. What went wrong is one of two things: the backend said no (Refused), or nobody
// knows whether it heard (Unheard). Web servers, firewalls and portals on the way answer too: only a problem document with
// a code is the backend's no (backend API, "Rules for all of it"), and only an answer of the shape asked for its yes.

import { limit } from "./ways.js";

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? String(status));
    this.status = status;
    this.code = problem.code;
    this.claimed_until = problem.claimed_until ?? null;
  }
}

export class Unheard extends Error {}

/** The backend heard it, did nothing, and wants to be asked later: a limit is reached. */
export class TooMany extends Unheard {}

const LIMIT_MS = 10000;

const INTENT = new Set(["created", "claimed", "held", "approved", "declined", "cancelled", "expired"]);
const PAYMENT = new Set(["approved", "declined", "held", "already_paid"]);
const RECEIPT = new Set(["paid", "partly_refunded", "refunded"]);
const payment_fits = (answer) => PAYMENT.has(answer.status);
const intent_fits = (answer) => INTENT.has(answer.status) && typeof answer.intent_id === "string" && (!answer.payment || payment_fits(answer.payment));

/** Calls by the holder of `token`; an intent is named by its id, or by its presentation where nobody has heard of it. */
export function backend(token, reference) {
  const intent = `intents/${encodeURIComponent(reference.id ?? reference.presentation)}`;
  const body = reference.presentation ? { presentation: reference.presentation } : {};
  const call = (method, path, content, more) => ask(method, path, content, { token, ...more });
  return {
    look: () => call("GET", intent, undefined, { fits: intent_fits }),
    open: () => call("POST", `${intent}/open`, body, { fits: (answer) => intent_fits(answer.intent) }),
    pay: (choice, signal) => call("POST", `${intent}/pay`, { ...body, ...choice }, { signal, fits: payment_fits }),
    release: () => call("POST", `${intent}/release`, body, { keepalive: true }),
    top_up: (amount, currency) => call("POST", "top-ups", { amount, currency }),
  };
}

export const sign_up = (name, language) =>
  ask("POST", "accounts", { name, languages: [language] }, { fits: ({ token }) => typeof token === "string" });

export const receipt = (token) =>
  ask("GET", `receipts/${encodeURIComponent(token)}`, undefined, { fits: ({ status }) => RECEIPT.has(status) });

async function ask(method, path, content, { token, signal = limit(LIMIT_MS), keepalive = false, fits = () => true }) {
  const headers = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (content !== undefined) headers["Content-Type"] = "application/json";
  const body = content === undefined ? undefined : JSON.stringify(content);
  if (typeof fetch !== "function") throw new TypeError("no fetch: nothing is sent");
  let response;
  let answer;
  try {
    response = await fetch(`/wallet/v1/${path}`, { method, headers, body, signal, keepalive, cache: "no-store", credentials: "omit" });
    answer = await response.json();
    if (response.ok && fits(answer)) return answer;
  } catch (error) {
    throw new Unheard(String(error));
  }
  if (response.status === 429) throw new TooMany(String(response.status));
  if (response.status >= 500 || response.status === 408 || !is_problem(response, answer)) throw new Unheard(String(response.status));
  throw new Refused(response.status, answer);
}

const is_problem = ({ headers }, answer) =>
  /^application\/problem\+json\b/i.test(headers.get("Content-Type") ?? "") && typeof answer?.code === "string";
