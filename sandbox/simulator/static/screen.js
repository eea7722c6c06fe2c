// SPDX-License-Identifier: Apache-2.0
// The terminal's screen: its newest picture on a canvas, fingers and keys back to it.

const PACE_MS = 40;
const PATIENCE_MS = 1000;
const KEYS = { Enter: "enter", Escape: "escape", Backspace: "backspace", Delete: "delete" };
const OUTSIDE = -1;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Screen {
  constructor(canvas, away) {
    this.canvas = canvas;
    this.away = away;
    this.paper = canvas.getContext("2d");
    this.waiting = [];
    this.sending = false;
    this.fingers = new Map();
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointerup", (event) => this.up(event, this.place(event)));
    canvas.addEventListener("pointercancel", (event) => this.up(event, { x: OUTSIDE, y: OUTSIDE }));
    canvas.addEventListener("keydown", (event) => this.key(event));
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
    this.send({ kind: "finger", down: true, finger: free, ...this.place(event) });
  }

  up(event, place) {
    if (!this.fingers.has(event.pointerId)) return;
    this.send({ kind: "finger", down: false, finger: this.fingers.get(event.pointerId), ...place });
    this.fingers.delete(event.pointerId);
  }

  key(event) {
    const name = KEYS[event.key] ?? (event.key.length === 1 ? event.key : null);
    if (name === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.send({ kind: "key", name });
  }

  speak(language) {
    this.send({ kind: "language", language });
  }

  async send(touched) {
    this.waiting.push(touched);
    if (this.sending) return; // one after another, or an up could overtake its down
    this.sending = true;
    try {
      while (this.waiting.length) {
        const body = JSON.stringify(this.waiting.splice(0, 16));
        await fetch("screen/input", { method: "POST", body, headers: { "Content-Type": "application/json" } });
      }
    } catch {
      this.waiting.length = 0; // the screen is away, and says so
    } finally {
      this.sending = false;
    }
  }
}
