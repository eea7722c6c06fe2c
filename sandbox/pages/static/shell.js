// SPDX-License-Identifier: Apache-2.0
// Has the service worker (worker.js) keep the shell of the pages for when there is no line.

const WORKER = "/pages/worker.js";

/** Once the page is there. A browser without workers, or that may keep nothing here, does without. */
export function keep_shell() {
  addEventListener("load", () => register().catch(() => null));
}

async function register() {
  const policy = self.trustedTypes?.createPolicy("pengpos", { createScriptURL: () => WORKER }); // makes this address alone
  await navigator.serviceWorker.register(policy?.createScriptURL("") ?? WORKER, { scope: "/" });
}
