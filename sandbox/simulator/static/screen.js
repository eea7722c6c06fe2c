// SPDX-License-Identifier: Apache-2.0
// The terminal's screen: its newest picture on a canvas, fingers and keys back to it.

const PACE_MS = 40;
const PATIENCE_MS = 1000;
const KEYS = {
  Enter: "enter", Escape: "escape", Backspace: "backspace", Delete: "delete", Clear: "delete", Decimal: ",",
  Separator: ",",
};
const UNREADABLE = new Set(["Process", "Unidentified", "Dead"]); // an input method has it, or half an accent
const NO_KEY = "\ufffd"; // what is typed has lost a key: the screen says so
const BURST_MS = 40; // a scanner's keys go together, or their latency would tear them apart
const BATCH_MOST = 64;
const WAITING_MOST = 256;
const TRIES = 5;
const RETRY_MS = 200;
const ANSWER_MS = 5000;
const LONG_MS = 1e9;
const OUTSIDE = -1;

// Of a numeric pad what is printed on its keys: with NumLock off, or with Shift, they are arrows to the browser.
function printed(event) {
  const digit = /^Numpad(\d)$/.exec(event.code)?.[1];
  if ([...event.key].length === 1) return event.key;
  return digit ?? (event.code === "NumpadDecimal" && event.key === "Delete" ? "." : event.key);
}

// AltGr is Ctrl and Alt to Windows, and types characters; so does Option on a Mac.
function isShortcut(event) {
  if (event.getModifierState("AltGraph")) return false;
  return event.ctrlKey || event.metaKey || (event.altKey && !/^[^\x00-\x7f]$/u.test(event.key));
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Screen {
  constructor(canvas, away) {
    this.canvas = canvas;
    this.away = away;
    this.paper = canvas.getContext("2d");
    this.waiting = [];
    this.sending = false;
    this.name = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16)).join("");
    this.seq = 0;
    this.scene = 0;
    this.before = 0;
    this.since = 0;
    this.timer = 0;
    this.fingers = new Map();
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointerup", (event) => this.up(event, this.place(event)));
    canvas.addEventListener("pointercancel", (event) => this.up(event, { x: OUTSIDE, y: OUTSIDE }));
    canvas.addEventListener("keydown", (event) => this.key(event));
    addEventListener("pagehide", () => this.leave());
    document.addEventListener("visibilitychange", () => this.seen_again());
  }

  async follow() {
    let number = "0";
    for (;;) {
      try {
        if (document.hidden) await pause(PATIENCE_MS);
        const answer = await fetch(`screen/frame?after=${number}`);
        if (answer.status === 200) {
          number = await this.show(answer);
          this.away.hidden = true;
          await pause(PACE_MS);
        } else if (answer.status !== 204) {
          throw new Error(answer.status);
        }
      } catch {
        this.away.hidden = false;
        number = "0";
        await pause(PATIENCE_MS);
      }
    }
  }

  async show(answer) {
    const [x, y] = answer.headers.get("area").split(",").map(Number);
    const [width, height] = answer.headers.get("size").split("x").map(Number);
    const picture = await createImageBitmap(await answer.blob());
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.paper.drawImage(picture, x, y);
    picture.close();
    const scene = Number(answer.headers.get("scene"));
    if (scene !== this.scene) {
      [this.before, this.scene, this.since] = [this.scene, scene, performance.now()];
    }
    return answer.headers.get("frame");
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const bound = (part) => Math.min(2, Math.max(-1, part));
    return { x: bound((event.clientX - box.left) / box.width), y: bound((event.clientY - box.top) / box.height) };
  }

  down(event) {
    const free = [0, 1].find((finger) => ![...this.fingers.values()].includes(finger));
    if (event.button !== 0 || free === undefined) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, free);
    this.send({ kind: "finger", down: true, finger: free, ...this.place(event), ...this.moment(event) });
  }

  up(event, place) {
    if (!this.fingers.has(event.pointerId)) return;
    const finger = this.fingers.get(event.pointerId);
    this.send({ kind: "finger", down: false, finger, ...place, ...this.moment(event) });
    this.fingers.delete(event.pointerId);
  }

  key(event) {
    const key = printed(event);
    const isCharacter = [...key].length === 1;
    const name = KEYS[key] ?? (isCharacter ? key : UNREADABLE.has(key) ? NO_KEY : null);
    if (name === null || isShortcut(event)) return;
    event.preventDefault();
    if (event.repeat && isCharacter) return; // a key held down is one key
    this.send({ kind: "key", name, ...this.moment(event) }, isCharacter ? BURST_MS : 0);
  }

  // When it was pressed, and what was to be seen then: a picture may have been drawn since.
  moment(event) {
    const stood = event.timeStamp - this.since;
    return stood >= 0
      ? { at_ms: event.timeStamp, scene: this.scene, stood_ms: stood }
      : { at_ms: event.timeStamp, scene: this.before, stood_ms: LONG_MS };
  }

  // What was drawn while the tab was hidden, nobody has seen until now.
  seen_again() {
    if (!document.hidden) this.since = performance.now();
  }

  speak(language) {
    this.send({ kind: "language", language });
  }

  send(touched, wait_ms = 0) {
    this.seq += 1;
    if (this.waiting.length < WAITING_MOST) this.waiting.push({ ...touched, seq: this.seq }); // else the screen sees a gap
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.deliver(), wait_ms);
  }

  async deliver() {
    if (this.sending) return; // one after another, or an up could overtake its down
    this.sending = true;
    try {
      while (this.waiting.length) {
        const batch = this.waiting.slice(0, BATCH_MOST);
        // What does not get through is given up, and its numbers are missing: the screen lets nothing be charged then.
        this.waiting.splice(0, (await this.arrives(JSON.stringify(batch))) ? batch.length : this.waiting.length);
      }
    } finally {
      this.sending = false;
    }
  }

  async arrives(body) {
    for (let failed = 0; failed < TRIES; failed += 1) {
      try {
        const answer = await this.post(body, { signal: AbortSignal.timeout(ANSWER_MS) });
        if (answer.status < 500) return answer.ok;
      } catch {
        // once more: what has arrived is known by its number
      }
      await pause(RETRY_MS * (failed + 1));
    }
    return false;
  }

  // A page that is loaded anew takes nothing with it: what still waits goes out as it leaves. The screen knows by its number
  // what came before.
  leave() {
    if (this.waiting.length) this.post(JSON.stringify(this.waiting.slice(0, BATCH_MOST)), { keepalive: true }).catch(() => null);
  }

  post(body, more) {
    return fetch(`screen/input?viewer=${this.name}`, {
      method: "POST", body, headers: { "Content-Type": "application/json" }, ...more,
    });
  }
}
