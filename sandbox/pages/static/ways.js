// SPDX-License-Identifier: Apache-2.0
// Small ways: what an address names, how long something is, waiting.

const ID = /^\/t\/([A-Za-z0-9_-]+(\.[A-Za-z0-9-]{1,12})?)$/; // with its terminal, where the bare id means another's
const PRESENTATION = /^#([A-Za-z0-9_-]{1,1000})$/;

/** What an address names: an intent the backend knows, one that comes along in the fragment, or nothing (null). */
export function reference_of({ pathname, hash }) {
  const id = ID.exec(pathname);
  if (id) return { id: id[1] };
  const presentation = PRESENTATION.exec(hash);
  return presentation ? { presentation: presentation[1] } : null;
}

export const seconds_between = (earlier, later) => (Date.parse(later) - Date.parse(earlier)) / 1000;

/** A signal that ends a request after a while; AbortSignal.timeout is missing from phones that are still in use. */
export function limit(milliseconds) {
  if (typeof AbortController === "undefined") return undefined; // the browser's own limit then
  const controller = new AbortController();
  setTimeout(() => controller.abort(), milliseconds);
  return controller.signal;
}

/** Word between the tabs of one browser; one that cannot is heard by nobody, and hears nobody. */
export function between_tabs(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return { postMessage() {} };
  }
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
