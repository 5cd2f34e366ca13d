const KINDS = ["message", "edit", "delete", "answer", "action", "call", "commands", "chat", "reset"];
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;

/**
 * Server-sent events that survive a lost connection: after a drop it asks again for what came
 * after the last event seen. EventSource's own retry gives up on an error answer; this does not.
 */
export class Stream {
  constructor({ onEvent, onLost, onBack }) {
    Object.assign(this, { onEvent, onLost, onBack });
    this.wait = FIRST_WAIT_MS;
    this.lost = false;
    globalThis.addEventListener("online", () => this.lost && this.open());
  }

  start(lastId) {
    this.lastId = lastId;
    this.open();
  }

  open() {
    clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource(`/sim/events?last_event_id=${this.lastId}`);
    this.source = source;
    source.addEventListener("open", () => this.opened());
    source.addEventListener("error", () => this.failed(source));
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.received(kind, event));
  }

  opened() {
    this.wait = FIRST_WAIT_MS;
    if (!this.lost) return;
    this.lost = false;
    this.onBack();
  }

  failed(source) {
    if (source !== this.source) return;
    source.close();
    if (!this.lost) this.onLost();
    this.lost = true;
    this.timer = setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 1.7, LONGEST_WAIT_MS);
  }

  received(kind, event) {
    if (event.lastEventId) this.lastId = Number(event.lastEventId);
    this.onEvent(kind, JSON.parse(event.data));
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
  }
}
