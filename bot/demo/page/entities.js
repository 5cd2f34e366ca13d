import { el } from "./dom.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const LONG_QUOTE = 180;

function link(href, children, className = "link") {
  return el("a", { href, className, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** The address if a click on it is harmless, else null. */
export function safeAddress(address) {
  const whole = /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`;
  if (!URL.canParse(whole)) return null;
  return ["http:", "https:", "mailto:", "tel:", "tg:"].includes(new URL(whole).protocol) ? whole : null;
}

function linked(address, children) {
  const href = safeAddress(address);
  return href ? link(href, children) : el("span", {}, ...children);
}

function spoiler(children) {
  const button = el(
    "button",
    { type: "button", className: "spoiler", attrs: { "aria-label": "Hidden text, press to show it" } },
    el("span", { className: "spoiler-text" }, ...children),
  );
  button.addEventListener("click", () => {
    button.replaceWith(el("span", { className: "spoiler shown" }, ...button.firstChild.childNodes));
  });
  return button;
}

function expandable(children, raw) {
  const body = el("div", { className: "quote-text" }, ...children);
  const quote = el("blockquote", { className: "expandable" }, body);
  if (raw.length < LONG_QUOTE && raw.split("\n").length <= 3) return quote;
  quote.classList.add("folded");
  const more = el("button", { type: "button", className: "more", attrs: { "aria-expanded": "false" } }, "Show more");
  more.addEventListener("click", () => {
    const folded = quote.classList.toggle("folded");
    more.setAttribute("aria-expanded", String(!folded));
    more.textContent = folded ? "Show more" : "Show less";
  });
  quote.append(more);
  return quote;
}

function command(raw, children, onCommand) {
  const button = el("button", { type: "button", className: "link" }, ...children);
  button.addEventListener("click", () => onCommand(raw));
  return button;
}

function wrap(entity, raw, children, onCommand) {
  const { type } = entity;
  if (TAGS[type]) return el(TAGS[type], {}, ...children);
  switch (type) {
    case "pre": return el("pre", { tabIndex: 0 }, el("code", {}, ...children));
    case "blockquote": return el("blockquote", {}, ...children);
    case "expandable_blockquote": return expandable(children, raw);
    case "spoiler": return spoiler(children);
    case "text_link": return linked(entity.url ?? "", children);
    case "url": return linked(raw, children);
    case "email": return linked(`mailto:${raw}`, children);
    case "phone_number": return linked(`tel:${raw}`, children);
    case "bot_command": return onCommand ? command(raw, children, onCommand) : el("span", { className: "tag" }, ...children);
    case "hashtag": case "cashtag": case "mention": case "text_mention":
      return el("span", { className: "tag" }, ...children);
    default: return el("span", {}, ...children);
  }
}

const outerFirst = (a, b) => a.offset - b.offset || b.length - a.length;

/** The nodes of a text between two UTF-16 offsets; overlapping entities are cut at the outer one's end. */
function nodes(text, from, to, entities, onCommand) {
  const result = [];
  let at = from;
  let rest = entities;
  while (rest.length) {
    const [first, ...others] = rest;
    const start = Math.max(first.offset, at);
    const end = Math.min(first.offset + first.length, to);
    rest = others;
    if (end <= start) continue;
    if (start > at) result.push(text.slice(at, start));
    const inner = others.filter((entity) => entity.offset < end);
    rest = others.filter((entity) => entity.offset + entity.length > end);
    result.push(wrap(first, text.slice(start, end), nodes(text, start, end, inner, onCommand), onCommand));
    at = end;
    if (BLOCKS.has(first.type) && text[at] === "\n") at += 1;
  }
  if (at < to) result.push(text.slice(at, to));
  return result;
}

/** A message's text with its formatting, as DOM nodes made without markup. */
export function formatted(text, entities, onCommand) {
  return nodes(text, 0, text.length, [...(entities ?? [])].sort(outerFirst), onCommand);
}
