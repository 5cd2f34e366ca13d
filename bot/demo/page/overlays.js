import { byId, el } from "./dom.js";

const TOAST_MS = 4500;

export function toast(text, look = "") {
  const note = el("p", { className: `toast ${look}` }, text);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}

export const complain = (error) => toast(error.message, "bad");

export function showAlert(title, text) {
  byId("alert-title").textContent = title;
  byId("alert-text").textContent = text;
  if (!byId("alert").open) byId("alert").showModal();
}

/** Resolves to whether the person agreed. */
export function confirmed(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

export function openPhoto(url, caption) {
  const image = byId("viewer").querySelector("img");
  image.src = url;
  image.alt = caption ? `Picture of: ${caption.slice(0, 80)}` : "Picture";
  byId("viewer").showModal();
}

export function watchViewer() {
  const viewer = byId("viewer");
  viewer.addEventListener("click", () => viewer.close());
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    showAlert("Copy this", text);
  }
}

/** The small menu in the corner: a button that shows and hides a list. */
export function watchMenu() {
  const button = byId("menu-button");
  const menu = byId("menu");
  const show = (open) => {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("click", () => show(false));
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".menu")) show(false);
  });
  button.parentElement.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    show(false);
    button.focus();
  });
}
