// SPDX-License-Identifier: Apache-2.0
// The wallet API as the pages need it. What went wrong is one of two things: the backend said no (Refused), or nobody
// knows whether it heard (Unheard).

import { limit } from "./ways.js";

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? String(status));
    this.status = status;
    this.code = problem.code ?? "";
    this.claimed_until = problem.claimed_until ?? null;
  }
}

export class Unheard extends Error {}

/** The backend heard it, did nothing, and wants to be asked later: a limit is reached. */
export class TooMany extends Unheard {}

const LIMIT_MS = 10000;

/** Calls by the holder of `token`; an intent is named by its id, or by its presentation where nobody has heard of it. */
export function backend(token, reference) {
  const intent = `intents/${encodeURIComponent(reference.id ?? reference.presentation)}`;
  const body = reference.presentation ? { presentation: reference.presentation } : {};
  const call = (method, path, content, more) => ask(method, path, content, token, more);
  return {
    look: () => call("GET", intent),
    open: () => call("POST", `${intent}/open`, body),
    pay: (choice, signal) => call("POST", `${intent}/pay`, { ...body, ...choice }, { signal }),
    release: () => call("POST", `${intent}/release`, body, { keepalive: true }),
    top_up: (amount, currency) => call("POST", "top-ups", { amount, currency }),
  };
}

export const sign_up = (name, language) => ask("POST", "accounts", { name, languages: [language] });

export const receipt = (token) => ask("GET", `receipts/${encodeURIComponent(token)}`);

async function ask(method, path, content, token, { signal = limit(LIMIT_MS), keepalive = false } = {}) {
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
  } catch (error) {
    throw new Unheard(String(error));
  }
  if (response.ok) return answer;
  if (response.status === 429) throw new TooMany(String(response.status));
  if (response.status >= 500 || response.status === 408) throw new Unheard(String(response.status));
  throw new Refused(response.status, answer);
}
