// The search page: asks while the reader types, and keeps the question in the address.
import { open } from "./search/engine.js";

const box = document.getElementById("search-index");
const text = box.dataset;
const input = box.querySelector("input");
const list = box.querySelector("ol");
const status = box.querySelector("[role=status]");
const ask = open(new URL(text.dir, document.baseURI));

const el = (name, ...children) => {
  const node = document.createElement(name);
  node.append(...children);
  return node;
};

const marked = (parts) => parts.map(([s, hit]) => (hit ? el("mark", s) : s));

const item = (r) => {
  const link = el("a", ...marked(r.title));
  link.href = r.url;
  if (r.section.length) {
    const section = el("span", ...marked(r.section));
    section.className = "section";
    link.append(" ", section);
  }
  const li = el("li", link);
  if (r.date) {
    const time = el("time", r.date);
    time.dateTime = r.date;
    li.append(time);
  }
  if (r.text.length) li.append(el("p", ...marked(r.text)));
  return li;
};

const here = location.href.split(/[?#]/)[0];

// Appends the next results, and a button for those after them.
const add = async (answer, current) => {
  const results = (await answer.more()).filter((r) => r.page != here);
  if (!current()) return 0;
  list.append(...results.map(item));
  box.querySelector(".more-results")?.remove();
  if (answer.more) {
    const button = el("button", text.more);
    button.type = "button";
    button.className = "more-results";
    button.onclick = async () => {
      const before = list.children.length;
      button.disabled = true;
      try {
        await add(answer, current);
        list.children[before]?.querySelector("a").focus();
      } catch {
        if (current()) say(text.failed);
      }
    };
    list.after(button);
  }
  say(list.children.length ? text.count.replace("#", list.children.length) : text.none);
  return results.length;
};

const say = (message) => {
  if (status.textContent != message) status.textContent = message;
};

let latest = 0;
const search = async () => {
  const turn = ++latest;
  const current = () => turn == latest;
  const question = input.value.trim();
  const url = new URL(location);
  url.hash = "";
  if (question) url.searchParams.set("q", question);
  else url.searchParams.delete("q");
  if (url.href != location.href) history.replaceState(history.state, "", url);
  const clear = () => {
    list.replaceChildren();
    box.querySelector(".more-results")?.remove();
  };
  if (!question) {
    clear();
    say("");
    box.dataset.answered = "";
    return;
  }
  const busy = setTimeout(() => current() && say(text.busy), 400);
  try {
    const answer = await ask(question);
    if (!current()) return;
    const old = [...list.children];
    // The old results stay until there are new ones, so that nothing jumps while the reader types.
    const done = answer.more ? add(answer, () => current() && (old.forEach((li) => li.remove()), true)) : 0;
    if (!done) {
      clear();
      say(question.length > 1 ? text.none : ""); // one letter is a beginning
    }
    await done;
  } catch (e) {
    if (!current()) return;
    clear();
    say(text.failed);
    console.info(e);
  } finally {
    clearTimeout(busy);
    if (current()) box.dataset.answered = question; // for scripts that wait
  }
};

let timer = 0;
input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, 120);
});

box.querySelector("form").addEventListener("submit", (e) => {
  e.preventDefault();
  clearTimeout(timer);
  search();
});

// Up and down go from the field through the results; Escape clears.
box.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.altKey || e.metaKey || e.shiftKey || e.isComposing) return;
  const stops = [input, ...list.querySelectorAll("a")];
  const at = stops.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[e.key];
  if (at >= 0 && stops[to]) {
    e.preventDefault();
    stops[to].focus();
  } else if (e.key == "Escape") {
    e.preventDefault();
    input.value = "";
    input.focus();
    clearTimeout(timer);
    search();
  }
});

const read = () => {
  input.value = new URLSearchParams(location.search).get("q") ?? "";
  search();
};
addEventListener("popstate", read);
read();
if (!input.value) input.focus();
