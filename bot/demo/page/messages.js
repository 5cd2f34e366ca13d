import { el, icon, timeOf, unseen } from "./dom.js";
import { formatted, safeAddress } from "./entities.js";

/** Messages of one album share a bubble, every other has its own. */
export const keyOf = (message) =>
  message.media_group_id ? `group-${message.media_group_id}` : `message-${message.message_id}`;

const short = (text, length) => (text.length > length ? `${text.slice(0, length).trimEnd()}…` : text);

function photo(message, context) {
  const { url, width, height } = message.photo;
  const image = el("img", { src: url, alt: "", width, height, decoding: "async", draggable: false });
  const words = message.text ? `Open the picture: ${short(message.text, 50)}` : "Open the picture";
  const button = el("button", { type: "button", className: "photo", attrs: { "aria-label": words } }, image);
  button.style.setProperty("--w", width || 1);
  button.style.setProperty("--h", height || 1);
  button.addEventListener("click", () => context.openPhoto(url, message.text ?? ""));
  return button;
}

function fileSize(bytes) {
  if (!bytes) return "";
  const units = ["B", "kB", "MB", "GB"];
  const step = Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** step).toLocaleString(undefined, { maximumFractionDigits: 1 })} ${units[step]}`;
}

function file(message) {
  const { url, file_name: name, size, mime_type: mime } = message.document;
  return el(
    "a",
    { className: "file", href: url, download: name ?? "file" },
    el("span", { className: "file-icon" }, icon("file")),
    el("span", { className: "file-words" },
      el("span", { className: "file-name" }, name ?? "File"),
      el("span", { className: "file-size" }, [fileSize(size), mime].filter(Boolean).join(" · "))),
  );
}

function media(messages, context) {
  const photos = messages.filter((message) => message.photo).map((message) => photo(message, context));
  const files = messages.filter((message) => message.document).map(file);
  if (photos.length > 1) return [el("div", { className: `album of-${Math.min(photos.length, 5)}` }, ...photos), ...files];
  return [...photos, ...files];
}

function quote(message, context) {
  const { message_id: id, text } = message.reply_to;
  const button = el("button", { type: "button", className: "quoted", attrs: { "aria-label": `Go to the quoted message: ${text || "photo"}` } }, text || "Photo");
  button.addEventListener("click", () => context.goTo(id));
  return button;
}

function channelMeta() {
  return el("span", { className: "views", title: "Seen by you" }, icon("eye"), unseen("Seen by "), "1");
}

function meta(message, context) {
  const time = el("time", { dateTime: new Date(message.date * 1000).toISOString() }, timeOf(message.date));
  return el(
    "p",
    { className: "meta" },
    message.edit_date ? el("span", { className: "edited" }, "edited") : null,
    context.channel ? channelMeta() : null,
    time,
  );
}

function reactions(message) {
  return el("p", { className: "reactions" }, unseen("Reaction: "), ...message.reactions.map((mark) => el("span", {}, mark)));
}

function keyLook(key) {
  return `key${["success", "danger", "primary"].includes(key.style) ? ` ${key.style}` : ""}`;
}

function linkKey(key) {
  const href = safeAddress(key.url) ?? "#";
  return el("a", { className: keyLook(key), href, target: "_blank", rel: "noopener noreferrer" }, el("span", {}, key.text), icon("out"));
}

function copyKey(key, context) {
  const button = el("button", { type: "button", className: keyLook(key) }, el("span", {}, key.text), icon("copy"));
  button.addEventListener("click", () => context.copy(key.copy_text));
  return button;
}

function dataKey(key, message, context) {
  const button = el("button", { type: "button", className: keyLook(key), data: { data: key.data ?? "" } }, el("span", {}, key.text));
  button.disabled = !key.data;
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    await context.tap(message, key.data);
    button.removeAttribute("aria-busy");
  });
  return button;
}

function keyOfKeyboard(key, message, context) {
  if (key.url) return linkKey(key);
  if (key.copy_text) return copyKey(key, context);
  return dataKey(key, message, context);
}

function keyboard(message, context) {
  const rows = message.keyboard.map((row) =>
    el("div", { className: "key-row" }, ...row.map((key) => keyOfKeyboard(key, message, context))));
  return el("div", { className: "keyboard", attrs: { role: "group", "aria-label": "Buttons of this message" } }, ...rows);
}

function replyButton(message, context) {
  const button = el("button", { type: "button", className: "round reply", attrs: { "aria-label": `Reply to: ${short(message.text || "photo", 40)}` } }, icon("reply"));
  button.addEventListener("click", () => context.reply(message));
  return button;
}

/** One bubble: a message, or an album of several. It is edited in place, part by part. */
export class Block {
  constructor(message, context) {
    this.context = context;
    this.messages = [];
    this.parts = {};
    this.element = el("article", { className: "block" });
    this.bubble = el("div", { className: "bubble" });
    this.body = el("div", { className: "body" }, this.bubble);
    this.put(message);
  }

  put(message) {
    const index = this.messages.findIndex((known) => known.message_id === message.message_id);
    if (index < 0) this.messages.push(message);
    else this.messages[index] = message;
    this.messages.sort((a, b) => a.message_id - b.message_id);
    this.render();
  }

  /** Takes one message out; true when nothing is left. */
  remove(messageId) {
    this.messages = this.messages.filter((message) => message.message_id !== messageId);
    if (this.messages.length) this.render();
    return this.messages.length === 0;
  }

  get first() {
    return this.messages[0];
  }

  get worded() {
    return this.messages.find((message) => message.text) ?? this.first;
  }

  render() {
    const { first } = this;
    this.element.dataset.id = first.message_id;
    if (first.service) this.renderService();
    else this.renderBubble();
  }

  renderService() {
    this.element.className = "block service";
    this.element.replaceChildren(el("p", {}, this.first.service));
  }

  renderBubble() {
    const { first, worded, context } = this;
    const mine = context.isMine(first);
    const keys = first.keyboard?.length > 0;
    const pictured = this.messages.some((message) => message.photo);
    this.element.className = this.looks(mine, pictured, keys);
    this.part("sender", [mine, first.from?.first_name], () => unseen(`${mine ? "You" : first.from?.first_name ?? "Channel"}: `));
    this.part("quote", first.reply_to, () => quote(first, context));
    const redrawn = this.part("media", this.mediaKey(), () => el("div", { className: "media" }, ...media(this.messages, context)));
    const changed = this.part("text", worded.text ? [worded.text, worded.entities] : null, () =>
      el("div", { className: "text", attrs: { dir: "auto" } }, ...formatted(worded.text, worded.entities, context.command)));
    this.part("meta", [first.date, Boolean(first.edit_date)], () => meta(first, context));
    this.arrange(this.bubble, ["sender", "quote", "media", "text", "meta"]);
    this.part("reactions", first.reactions?.length ? first.reactions : null, () => reactions(first));
    this.part("keyboard", keys ? first.keyboard : null, () => keyboard(first, context));
    this.part("reply", context.reply ? "reply" : null, () => replyButton(first, context));
    this.fit(pictured);
    this.mount();
    if (changed || redrawn) this.flash();
  }

  looks(mine, pictured, keys) {
    const looks = ["block", mine ? "mine" : "theirs"];
    if (pictured) looks.push("pictured");
    if (keys) looks.push("keyed");
    if (this.messages.length > 1) looks.push("grouped");
    if (!this.worded.text) looks.push("wordless");
    return looks.join(" ");
  }

  mediaKey() {
    const ids = this.messages.map((message) => (message.photo ?? message.document)?.url).filter(Boolean);
    return ids.length ? ids : null;
  }

  /** Renews a named part when what it shows has changed; true when it replaced an older one. */
  part(name, shown, make) {
    const known = this.parts[name];
    const key = shown ? JSON.stringify(shown) : null;
    if (known?.key === key) return false;
    this.parts[name] = { key, node: key ? make() : null };
    return Boolean(known?.key);
  }

  arrange(parent, names) {
    const wanted = names.map((name) => this.parts[name]?.node).filter(Boolean);
    const same = parent.childNodes.length === wanted.length && wanted.every((node, i) => parent.childNodes[i] === node);
    if (!same) parent.replaceChildren(...wanted);
  }

  /** Puts body and reply button in place and keeps the keyboard focus where it was. */
  mount() {
    const active = document.activeElement;
    const held = this.element.contains(active) ? active : null;
    const wanted = [this.bubble, this.parts.reactions?.node, this.parts.keyboard?.node].filter(Boolean);
    for (const node of [...this.body.childNodes]) if (!wanted.includes(node)) node.remove();
    wanted.forEach((node, i) => {
      if (this.body.childNodes[i] !== node) this.body.insertBefore(node, this.body.childNodes[i] ?? null);
    });
    const sides = [this.body, this.parts.reply?.node].filter(Boolean);
    if (sides.some((node, i) => this.element.childNodes[i] !== node)) this.element.replaceChildren(...sides);
    if (held && !this.element.contains(held)) this.refocus(held);
  }

  refocus(held) {
    const same = [...this.element.querySelectorAll(".key")].find((key) => key.dataset.data && key.dataset.data === held.dataset.data);
    (same ?? this.element.querySelector(".key") ?? this.parts.reply?.node)?.focus({ preventScroll: true });
  }

  /** Tells the stylesheet the picture's shape, so that bubble and buttons are as wide as it. */
  fit(pictured) {
    if (!pictured) return;
    const { width, height } = this.messages.find((message) => message.photo).photo;
    const ratio = this.messages.length > 1 ? 1.15 : (width || 1) / (height || 1);
    this.element.style.setProperty("--ratio", ratio.toFixed(4));
  }

  flash() {
    this.bubble.classList.remove("flash");
    requestAnimationFrame(() => this.bubble.classList.add("flash"));
  }
}
