import * as api from "./api.js";
import { byId, el } from "./dom.js";
import { CommandMenu } from "./commands.js";
import { complain } from "./overlays.js";

const PLACEHOLDER = byId("message").placeholder;

/** Where the person writes: text, a photo, a reply, a command. */
export class Composer {
  constructor(send) {
    this.send = send;
    this.field = byId("message");
    this.replyTo = null;
    this.photo = null;
    this.menu = new CommandMenu(this.field, (command) => this.submit(command));
    this.watch();
  }

  watch() {
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("paste", (event) => this.pasted(event));
    byId("reply-cancel").addEventListener("click", () => this.cancelReply());
    byId("photo-cancel").addEventListener("click", () => this.attach(null));
    byId("attach").addEventListener("click", () => byId("photo-file").click());
    byId("photo-file").addEventListener("change", (event) => this.attach(event.target.files[0] ?? null));
  }

  key(event) {
    if (this.menu.key(event)) return;
    if (event.key === "Escape" && this.replyTo) this.cancelReply();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  pasted(event) {
    const image = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
    if (!image) return;
    event.preventDefault();
    this.attach(image);
  }

  changed() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
    this.field.classList.toggle("tall", this.field.scrollHeight > 160);
    byId("send").disabled = !this.field.value.trim() && !this.photo;
    this.menu.follow();
  }

  setText(text) {
    this.field.value = text;
    this.changed();
  }

  reply(message, name, placeholder = null) {
    this.replyTo = message;
    byId("reply-to").textContent = `Reply to ${name}`;
    byId("reply-text").textContent = message.text || "Photo";
    byId("reply-bar").hidden = false;
    this.field.placeholder = placeholder || "Write a reply";
    this.field.focus();
  }

  cancelReply() {
    this.endReply();
    this.field.focus();
  }

  endReply() {
    this.replyTo = null;
    byId("reply-bar").hidden = true;
    this.field.placeholder = PLACEHOLDER;
  }

  attach(file) {
    const preview = byId("photo-preview");
    if (preview.src) URL.revokeObjectURL(preview.src);
    this.photo = file;
    byId("photo-bar").hidden = !file;
    byId("photo-file").value = "";
    if (file) {
      preview.src = URL.createObjectURL(file);
      byId("photo-name").textContent = file.name;
    } else {
      preview.removeAttribute("src");
    }
    this.changed();
    this.field.focus();
  }

  async submit(text = this.field.value.trim()) {
    const { photo, replyTo } = this;
    if (!text && !photo) return;
    this.clear();
    try {
      await this.send({
        text,
        ...(photo && { photo: await api.base64(photo) }),
        ...(replyTo && { reply_to_message_id: replyTo.message_id }),
      });
    } catch (error) {
      complain(error);
      if (!this.field.value) this.setText(text);
    }
  }

  clear() {
    this.endReply();
    if (this.photo) this.attach(null);
    this.setText("");
  }
}
