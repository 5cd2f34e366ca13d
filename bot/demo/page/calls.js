import { byId, el, secondsTimeOf } from "./dom.js";

const MOST_ROWS = 400;

function dateOf(at) {
  return new Date(typeof at === "number" ? at * 1000 : at);
}

function statusLook(status) {
  if (status === null || status === undefined) return "none";
  if (status < 300) return "good";
  return status === 429 ? "slow" : "bad";
}

function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  return ms < 1 ? "< 1" : String(Math.round(ms));
}

/** The table of the bot's calls, newest first. */
export class Calls {
  constructor(nameOfChat) {
    this.nameOfChat = nameOfChat;
    this.rows = byId("call-rows");
    this.ids = new Set();
    byId("polling").addEventListener("change", (event) => this.rows.classList.toggle("with-polling", event.target.checked));
  }

  load(calls) {
    this.clear();
    for (const call of calls) this.put(call);
  }

  clear() {
    this.ids.clear();
    this.rows.replaceChildren();
    byId("calls-empty").hidden = false;
  }

  put(call) {
    if (this.ids.has(call.id)) return;
    this.ids.add(call.id);
    this.rows.prepend(this.row(call));
    if (this.rows.childElementCount > MOST_ROWS) this.rows.lastElementChild.remove();
    if (call.method !== "getUpdates") byId("calls-empty").hidden = true;
  }

  row(call) {
    return el(
      "tr",
      { className: call.method === "getUpdates" ? "polling" : "" },
      el("td", { className: "when" }, secondsTimeOf(dateOf(call.at))),
      el("td", { className: "what" },
        el("code", {}, call.method),
        call.summary ? el("span", { className: "summary" }, call.summary) : null,
        call.error ? el("span", { className: "fault" }, call.error) : null),
      el("td", { className: "wide" }, this.nameOfChat(call.chat_id)),
      el("td", {}, el("span", { className: `status ${statusLook(call.status)}` }, String(call.status ?? "–"))),
      el("td", { className: "num" }, duration(call.ms)),
    );
  }
}
