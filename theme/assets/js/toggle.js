// Adds two buttons to the header: one flips the colours, the other, there after a choice, goes back to the system's.
import { key, show, valid } from "./appearance.js";

// Without a place for them, in a header of your own, the page still follows the other tabs.
const slot = document.querySelector(".appearance");
const system = matchMedia("(prefers-color-scheme: dark)");
let choice = "";
let was = "";

const button = (label, click) => {
  const el = document.createElement("button");
  el.type = "button";
  el.title = el.ariaLabel = label;
  el.onclick = click;
  slot?.append(el);
  return el;
};

const theme = () => choice || (system.matches ? "dark" : "light");

const update = (next) => {
  choice = valid(next);
  show(choice);
  flip.ariaPressed = theme() == "dark";
  back.disabled = !choice;
  // Embedded content may want to follow.
  const detail = { theme: theme(), choice: choice || "system" };
  const is = detail.theme + detail.choice;
  if (was && was != is) document.dispatchEvent(new CustomEvent("themechange", { detail }));
  was = is;
};

// A page that the browser keeps for the way back would show the old colours for a frame. With a channel open, and something
// said on it, the browser drops such pages, and loads them again.
const pages = new BroadcastChannel(key);

const choose = (next) => {
  update(next);
  pages.postMessage(next);
  try {
    if (next) localStorage[key] = next;
    else localStorage.removeItem(key);
  } catch {
    // No storage: the choice lasts as long as the page.
  }
};

const read = () => {
  let stored = choice;
  try {
    stored = localStorage[key];
  } catch {
    // As before.
  }
  update(stored);
};

const back = button(slot?.dataset.system, () => {
  flip.focus(); // this button is about to go
  choose("");
});
const flip = button(slot?.dataset.dark, () => choose(theme() == "dark" ? "light" : "dark"));

read();
system.onchange = () => update(choice);
// A choice in another tab; the key is null where all was cleared.
addEventListener("storage", (e) => {
  if (e.key == key || !e.key) read();
});
// A page that comes back from the browser's cache may have missed those events, or get them after it was painted.
addEventListener("pageshow", (e) => {
  if (e.persisted) read();
});
