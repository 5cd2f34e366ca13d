import { dayKey, dayName, el } from "./dom.js";
import { Block, keyOf } from "./messages.js";

const NEAR_END = 60;

/** The scrolling list of one chat: keeps to its end unless the reader has scrolled up. */
export class MessageLog {
  constructor(scroller, context, { onCount = () => {} } = {}) {
    this.scroller = scroller;
    this.context = { ...context, goTo: (id) => this.goTo(id) };
    this.list = scroller.querySelector(".list");
    this.empty = scroller.querySelector(".empty");
    this.jump = scroller.parentElement.querySelector(".jump");
    this.onCount = onCount;
    this.blocks = new Map();
    this.atEnd = true;
    this.missed = 0;
    this.watch();
  }

  watch() {
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.jump.addEventListener("click", () => {
      this.toEnd({ smooth: true });
      this.scroller.focus({ preventScroll: true });
    });
    const keep = new ResizeObserver(() => this.keepPlace());
    keep.observe(this.list);
    keep.observe(this.scroller);
  }

  /** Holds the end, or the place that a hidden view forgets. */
  keepPlace() {
    if (this.scroller.clientHeight === 0) this.wasHidden = true;
    else if (this.atEnd) this.toEnd();
    else if (this.wasHidden) this.scroller.scrollTop = this.place;
    if (this.scroller.clientHeight > 0) this.wasHidden = false;
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (clientHeight === 0 || this.wasHidden) return;
    this.place = scrollTop;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.atEnd) this.missed = 0;
    this.showJump();
  }

  showJump() {
    this.jump.hidden = this.atEnd;
    this.jump.querySelector(".jump-text").textContent = this.missed ? `${this.missed} new` : "Newest";
  }

  toEnd({ smooth = false } = {}) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
  }

  load(messages) {
    this.clear();
    for (const message of messages) this.put(message, { quiet: true });
    this.atEnd = true;
    this.toEnd();
  }

  clear() {
    this.blocks.clear();
    this.list.replaceChildren();
    this.missed = 0;
    this.settle();
  }

  get size() {
    return this.blocks.size;
  }

  has(message) {
    return this.blocks.get(keyOf(message))?.messages.some((known) => known.message_id === message.message_id) ?? false;
  }

  put(message, { quiet = false } = {}) {
    const key = keyOf(message);
    const known = this.has(message);
    const block = this.blocks.get(key);
    if (block) block.put(message);
    else this.add(key, new Block(message, this.context));
    if (!known && !quiet) this.arrived(message, key);
    this.settle();
  }

  add(key, block) {
    this.blocks.set(key, block);
    this.dayOf(block.first.date).append(block.element);
  }

  arrived(message, key) {
    this.blocks.get(key).element.classList.add("new");
    if (this.context.isMine(message)) this.atEnd = true;
    if (this.atEnd) this.toEnd();
    else this.missed += 1;
    this.showJump();
  }

  dayOf(seconds) {
    const key = dayKey(seconds);
    const last = this.list.lastElementChild;
    if (last?.dataset.day === key) return last;
    const label = el("p", { className: "day-name" }, el("span", {}, dayName(seconds)));
    const day = el("div", { className: "day", data: { day: key } }, label);
    this.list.append(day);
    return day;
  }

  remove(messageId) {
    for (const [key, block] of this.blocks) {
      if (!block.messages.some((message) => message.message_id === messageId)) continue;
      if (block.remove(messageId)) this.drop(key, block);
    }
    this.settle();
  }

  drop(key, block) {
    const day = block.element.parentElement;
    if (block.element.contains(document.activeElement)) this.scroller.focus({ preventScroll: true });
    block.element.remove();
    this.blocks.delete(key);
    if (!day.querySelector(".block")) day.remove();
  }

  settle() {
    this.empty.hidden = this.size > 0;
    this.scroller.classList.toggle("is-empty", this.size === 0);
    this.onCount(this.size);
  }

  goTo(messageId) {
    for (const block of this.blocks.values()) {
      if (!block.messages.some((message) => message.message_id === messageId)) continue;
      block.element.scrollIntoView({ block: "center" });
      block.flash();
    }
  }
}
