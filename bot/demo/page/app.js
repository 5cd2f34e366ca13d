import * as api from "./api.js";
import { Calls } from "./calls.js";
import { Composer } from "./composer.js";
import { byId, el } from "./dom.js";
import { MessageLog } from "./log.js";
import { complain, confirmed, copy, openPhoto, showAlert, toast, watchMenu, watchViewer } from "./overlays.js";
import { Stream } from "./stream.js";
import { Tabs } from "./tabs.js";

const TAP_WAIT_S = 20;
const ACTION_MS = 5500;
const ACTIONS = {
  typing: "is typing",
  upload_photo: "is sending a photo",
  upload_document: "is sending a file",
  upload_video: "is sending a video",
  choose_sticker: "is choosing a sticker",
};

const world = { bot: null, person: null, users: new Map(), chats: new Map(), chatId: null, channelId: null };
const tabs = new Tabs();
const calls = new Calls(nameOfChat);
const composer = new Composer((message) =>
  api.say({ chat_id: world.chatId, user_id: world.person.id, ...message }));

const shared = { openPhoto, copy, tap };
const chat = new MessageLog(byId("chat-log"), {
  ...shared,
  channel: false,
  isMine: (message) => message.from?.id === world.person.id,
  reply: (message) => composer.reply(message, nameOfSender(message)),
  command: (text) => composer.submit(text),
});
const channel = new MessageLog(byId("channel-log"), {
  ...shared,
  channel: true,
  isMine: () => false,
  reply: null,
  command: null,
}, { onCount: showChannelCount });

function nameOfSender(message) {
  return message.from?.id === world.person.id ? "yourself" : message.from?.first_name ?? world.bot.first_name;
}

function nameOfChat(id) {
  if (id === null || id === undefined) return "";
  return world.chats.get(Number(id))?.title || world.users.get(Number(id))?.first_name || String(id);
}

function showChannelCount(count) {
  const sub = byId("channel-sub");
  const name = world.chats.get(world.channelId)?.username;
  const posts = count === 1 ? "1 post" : `${count} posts`;
  sub.textContent = [name && `@${name}`, posts].filter(Boolean).join(" · ");
}

async function tap(message, data) {
  const answered = await api
    .tap({ chat_id: message.chat_id, message_id: message.message_id, user_id: world.person.id, data, wait: TAP_WAIT_S })
    .catch(complain);
  if (!answered) return;
  const { answer } = answered;
  if (!answer) toast("The bot has not answered this tap.", "bad");
  else if (answer.text && answer.show_alert) showAlert(world.bot.first_name, answer.text);
  else if (answer.text) toast(answer.text);
}

let actionTimer;

function showAction(action) {
  const words = `${world.bot.first_name} ${ACTIONS[action] ?? "is busy"}`;
  byId("chat-status").textContent = `${ACTIONS[action] ?? "is busy"} …`;
  const line = byId("chat-log").querySelector(".action");
  line.querySelector(".action-text").textContent = words;
  line.hidden = false;
  if (chat.atEnd) chat.toEnd();
  clearTimeout(actionTimer);
  actionTimer = setTimeout(hideAction, ACTION_MS);
}

function hideAction() {
  clearTimeout(actionTimer);
  byId("chat-status").textContent = "bot";
  byId("chat-log").querySelector(".action").hidden = true;
}

function askFor(message) {
  if (message?.force_reply && !message.out) {
    composer.reply(message, nameOfSender(message), message.force_reply.placeholder);
  }
}

function received(message) {
  if (message.chat_id === world.chatId) {
    const isNew = !chat.has(message);
    chat.put(message);
    if (!message.out) hideAction();
    if (isNew && !message.out) tabs.arrived("chat");
    if (isNew) askFor(message);
  } else {
    posted(message);
  }
}

function posted(message) {
  if (!world.channelId) return;
  if (message.chat_id === world.channelId) channel.put(message);
  if (world.chats.get(message.chat_id)?.type === "channel") tabs.arrived("channel");
}

function logOf(chatId) {
  return { [world.chatId]: chat, [world.channelId]: channel }[chatId];
}

const HANDLERS = {
  message: received,
  edit: (message) => {
    logOf(message.chat_id)?.put(message, { quiet: true });
    if (message.photo) hideAction();
  },
  delete: ({ chat_id: chatId, message_id: id }) => logOf(chatId)?.remove(id),
  action: ({ chat_id: chatId, action }) => chatId === world.chatId && showAction(action),
  call: (call) => calls.put(call),
  commands: ({ commands }) => { composer.menu.commands = commands; },
  chat: (changed) => {
    world.chats.set(changed.id, changed);
    chooseChannel();
  },
  reset: () => load().catch(complain),
};

/** The first channel, or the first group when there is none; a list to choose from when there are several. */
function chooseChannel(wanted = world.channelId) {
  const shown = [...world.chats.values()].filter(({ type }) => type !== "private");
  shown.sort((a, b) => (b.type === "channel") - (a.type === "channel"));
  const chosen = shown.find(({ id }) => id === wanted) ?? shown[0];
  const select = byId("channel-pick").querySelector("select");
  select.replaceChildren(...shown.map(({ id, title }) => el("option", { value: id, selected: id === chosen?.id }, title)));
  byId("channel-pick").hidden = shown.length < 2;
  if (!chosen) return;
  byId("channel-title").textContent = chosen.title;
  byId("channel-avatar").textContent = [...chosen.title][0]?.toLocaleUpperCase() ?? "C";
  if (chosen.id !== world.channelId) showChannel(chosen.id).catch(complain);
  else showChannelCount(channel.size);
}

async function showChannel(id) {
  world.channelId = id;
  channel.load(await api.messages(id));
}

/** A post's address on t.me leads to the post here: nothing leaves this computer. */
async function followPost(event) {
  const link = event.target.closest('a[href^="https://t.me/"]');
  if (!link) return;
  const [name, id] = new URL(link.href).pathname.slice(1).split("/");
  const target = [...world.chats.values()].find(({ username }) => username === name);
  if (!target) return;
  event.preventDefault();
  if (target.id !== world.channelId) await showChannel(target.id);
  chooseChannel(target.id);
  tabs.choose("channel");
  channel.goTo(Number(id));
}

async function load() {
  const state = await api.state();
  Object.assign(world, { bot: state.bot, person: state.person, channelId: null });
  world.users = new Map(state.users.map((known) => [known.id, known]));
  world.chats = new Map(state.chats.map((known) => [known.id, known]));
  world.chatId = state.chats.find(({ type, id }) => type === "private" && id === state.person.id)?.id ?? state.person.id;
  byId("chat-title").textContent = state.bot.first_name;
  composer.menu.commands = state.commands;
  composer.endReply();
  hideAction();
  const [messages, known] = await Promise.all([api.messages(world.chatId), api.calls()]);
  chat.load(messages);
  calls.load(known);
  chooseChannel(null);
  askFor(messages.at(-1));
  return state.last_event_id;
}

/** After an outage: a server that was started anew counts events from the beginning. */
async function followServer() {
  byId("banner").hidden = true;
  const { last_event_id: newest } = await api.state();
  if (newest < stream.lastId) stream.start(await load());
}

const stream = new Stream({
  onEvent: (kind, data) => HANDLERS[kind]?.(data),
  onLost: () => { byId("banner").hidden = false; },
  onBack: () => followServer().catch(complain),
});

async function startOver() {
  if (!(await confirmed(byId("confirm")))) return;
  await api.reset().catch(complain);
  byId("message").focus();
}

function watchPage() {
  watchMenu();
  watchViewer();
  document.addEventListener("click", (event) => followPost(event).catch(complain));
  byId("start-over").addEventListener("click", startOver);
  byId("channel-pick").addEventListener("change", (event) => chooseChannel(Number(event.target.value)));
  for (const button of document.querySelectorAll(".suggestions button")) {
    button.addEventListener("click", () => composer.submit(button.textContent));
  }
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && stream.open());
}

async function begin() {
  try {
    stream.start(await load());
    document.documentElement.dataset.ready = "";
  } catch {
    byId("banner").hidden = false;
    setTimeout(begin, 1500);
    return;
  }
  byId("banner").hidden = true;
}

watchPage();
begin();
