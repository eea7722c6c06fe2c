// SPDX-License-Identifier: Apache-2.0
// The service worker: a page that is opened without a line still opens, and says that there is none.
//
// What is kept is the shell: the documents without a sale in them, and their parts. What the backend says never goes
// through here, so nothing that is kept is ever shown as how a sale stands: the shell's script asks, hears nothing, says
// so, and asks again. The addresses of the parts are written in as the worker goes out.

const SHELL = ["/t", "/r/-", "/pages/look.css", "/pages/pay.js", "/pages/receipt.js"];
const NAME = SHELL.join(" ");

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
    event.respondWith(asked_for(event).catch(() => shell(pathname)));
  }
});

const asked_for = async (event) => (await event.preloadResponse) ?? fetch(event.request);

const kept = (path) => caches.match(path, { cacheName: NAME, ignoreVary: true });

/** The document without its sale; none if the browser has thrown it away: then its own page says that there is no line. */
const shell = async (pathname) => (await kept(pathname.startsWith("/r") ? "/r/-" : "/t")) ?? Response.error();
