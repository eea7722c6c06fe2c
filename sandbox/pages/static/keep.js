// SPDX-License-Identifier: Apache-2.0
// What stays on this phone: the account and the language. A browser that keeps nothing asks again next time.

const memory = new Map();

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return memory.get(key) ?? null;
  }
}

function write(key, value) {
  memory.set(key, value);
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // No room, or not allowed: this tab remembers it all the same.
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
