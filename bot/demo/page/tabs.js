import { byId, unseen } from "./dom.js";

const NAMES = ["chat", "channel", "calls"];
const narrow = matchMedia("(max-width: 860px)");

/** Chat, Channel and Bot API: three tabs on a phone; on a desk the chat always stands beside the other two. */
export class Tabs {
  constructor() {
    this.chosen = narrow.matches ? "chat" : "channel";
    this.news = { chat: 0, channel: 0, calls: 0 };
    byId("tabs").addEventListener("keydown", (event) => this.arrow(event));
    for (const name of NAMES) byId(`tab-${name}`).addEventListener("click", () => this.choose(name));
    narrow.addEventListener("change", () => this.adapt());
    this.adapt();
  }

  get names() {
    return narrow.matches ? NAMES : NAMES.slice(1);
  }

  adapt() {
    const chat = byId("panel-chat");
    byId("tab-chat").hidden = !narrow.matches;
    if (narrow.matches) chat.setAttribute("role", "tabpanel");
    else chat.removeAttribute("role");
    this.choose(this.names.includes(this.chosen) ? this.chosen : "channel");
  }

  choose(name) {
    this.chosen = name;
    for (const other of NAMES) {
      const tab = byId(`tab-${other}`);
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      byId(`panel-${other}`).hidden = !this.visible(other);
    }
    this.seen(name);
  }

  visible(name) {
    return name === this.chosen || (name === "chat" && !narrow.matches);
  }

  arrow(event) {
    const at = this.names.indexOf(this.chosen);
    const last = this.names.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.choose(this.names[to]);
    byId(`tab-${this.chosen}`).focus();
  }

  /** Counts something new in a view nobody is looking at. */
  arrived(name) {
    if (this.visible(name)) return;
    this.news[name] += 1;
    this.showBadge(name);
  }

  seen(name) {
    this.news[name] = 0;
    this.showBadge(name);
  }

  showBadge(name) {
    const badge = byId(`tab-${name}`).querySelector(".badge");
    const count = this.news[name];
    badge.hidden = count === 0;
    badge.replaceChildren(...(count ? [unseen(", "), `${count} new`] : []));
  }
}
