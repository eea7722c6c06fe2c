// SPDX-License-Identifier: Apache-2.0
// What stays on this phone: the account, the language, and which payments went out from here, so that whoever opens one of
// them again is not asked to pay it again before the backend has said how it stands. A browser that keeps nothing asks again
// next time.

const memory = new Map(); // what the browser did not keep

function read(key) {
  if (memory.has(key)) return memory.get(key);
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  memory.delete(key);
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    memory.set(key, value); // no room, or not allowed: this tab remembers it all the same
  }
}

export const account = {
  read: () => {
    const found = read("pengpos.account");
    return typeof found?.token === "string" && typeof found?.name === "string" ? found : null;
  },
  write: (value) => write("pengpos.account", value),
};

export const language = { read: () => read("pengpos.language"), write: (value) => write("pengpos.language", value) };

const SENT_MOST = 8;

function sent_before() {
  const found = read("pengpos.sent");
  return Array.isArray(found) ? found.filter((one) => one?.intent?.merchant) : [];
}

const without = (address) => sent_before().filter((one) => one.address !== address);

/** The newest payments that went out: the address they were paid at, and what was to be paid to whom. Never how it ended. */
export const sent = {
  read: (address) => sent_before().find((one) => one.address === address)?.intent ?? null,
  write: (address, { intent_id, number, till_reference, merchant, amount, currency, currency_digits }) => {
    const intent = { intent_id, number, till_reference, merchant, amount, currency, currency_digits };
    write("pengpos.sent", [{ address, intent }, ...without(address)].slice(0, SENT_MOST));
  },
  forget: (address) => {
    if (sent.read(address) !== null) write("pengpos.sent", without(address));
  },
};
