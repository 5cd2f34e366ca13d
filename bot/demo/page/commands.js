import { byId, el } from "./dom.js";

/** The list of the bot's commands above the message box, opened by its button or by typing "/". */
export class CommandMenu {
  constructor(field, run) {
    Object.assign(this, { field, run, all: [], shown: [], at: 0 });
    this.box = byId("commands");
    this.list = byId("command-list");
    this.button = byId("commands-button");
    this.button.addEventListener("click", () => this.toggle());
    field.addEventListener("blur", (event) => {
      if (event.relatedTarget !== this.button) this.close();
    });
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  set commands(commands) {
    this.all = commands;
    this.button.hidden = commands.length === 0;
    if (this.open) this.follow();
  }

  get open() {
    return !this.box.hidden;
  }

  toggle() {
    if (this.open) this.close();
    else this.show(this.all);
    this.field.focus();
  }

  /** Shows the commands that begin as the text does; a space or other text closes the list. */
  follow() {
    const typed = /^\/(\w*)$/.exec(this.field.value)?.[1];
    if (typed === undefined) this.close();
    else this.show(this.all.filter(({ command }) => command.startsWith(typed.toLowerCase())));
  }

  show(commands) {
    if (commands.length === 0) {
      this.close();
      return;
    }
    this.shown = commands;
    this.list.replaceChildren(...commands.map((command, index) => this.option(command, index)));
    this.box.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.mark(0);
  }

  option({ command, description }, index) {
    const option = el(
      "li",
      { id: `command-${index}`, attrs: { role: "option" } },
      el("span", { className: "command-name" }, `/${command}`),
      el("span", { className: "command-words" }, description),
    );
    option.addEventListener("click", () => this.pick(index));
    return option;
  }

  mark(index) {
    this.at = (index + this.shown.length) % this.shown.length;
    [...this.list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === this.at)));
    const option = this.list.children[this.at];
    option.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", option.id);
  }

  pick(index) {
    const { command } = this.shown[index];
    this.close();
    this.run(`/${command}`);
    this.field.focus();
  }

  complete() {
    this.field.value = `/${this.shown[this.at].command} `;
    this.close();
  }

  close() {
    this.box.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  /** Handles a key of the message box while the list is open; true when it was the list's. */
  key(event) {
    if (!this.open || event.isComposing) return false;
    const act = {
      ArrowDown: () => this.mark(this.at + 1),
      ArrowUp: () => this.mark(this.at - 1),
      Enter: () => this.pick(this.at),
      Tab: () => this.complete(),
      Escape: () => this.close(),
    }[event.key];
    if (!act || event.shiftKey) return false;
    event.preventDefault();
    act();
    return true;
  }
}
