// SPDX-License-Identifier: Apache-2.0
// The service worker: a page that is opened without a line still opens, and says that there is none. A gateway that finds
// no backend, or one that is silent, is no line either.
//
// What is kept is the shell: the documents without a sale in them, and their parts. What the backend says never goes
// through here, so nothing that is kept is ever shown as how a sale stands: the shell's script asks, hears nothing, says
// so, and asks again. The addresses of the parts are written in as the worker goes out.

const SHELL = ["/t", "/r/-", "/pages/look.css", "/pages/pay.js", "/pages/receipt.js"];
const NAME = SHELL.join(" ");
const PATIENCE_MS = 5000;

addEventListener("install", (event) => event.waitUntil(keep()));
addEventListener("activate", (event) => event.waitUntil(forget()));

async function keep() {
  const cache = await caches.open(NAME);
  await cache.addAll(SHELL);
  await self.skipWaiting();
}

/** Forget the shells before this one; and have documents asked for while the worker wakes, so that it costs no time. */
async function forget() {
  await self.registration.navigationPreload?.enable();
  for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
  await self.clients.claim();
}

addEventListener("fetch", (event) => {
  const { mode, method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (origin !== location.origin || method !== "GET") return;
  if (mode !== "navigate") {
    if (SHELL.includes(pathname)) event.respondWith(kept(pathname).then((found) => found ?? fetch(event.request)));
  } else if (/^\/[tr](\/|$)/.test(pathname)) {
    event.respondWith(opened(event, pathname));
  }
});

/** The backend's document; or the one without its sale, unless the browser has thrown it away: then what comes, comes. */
async function opened(event, pathname) {
  const asked = asked_for(event);
  const answer = await Promise.race([asked, patience()]).catch(() => null);
  if (answer !== null && answer.status < 500) return answer;
  return (await kept(pathname.startsWith("/r") ? "/r/-" : "/t")) ?? asked;
}

const asked_for = async (event) => (await event.preloadResponse) ?? fetch(event.request);

const patience = () => new Promise((done) => setTimeout(() => done(null), PATIENCE_MS));

const kept = (path) => caches.match(path, { cacheName: NAME, ignoreVary: true });
