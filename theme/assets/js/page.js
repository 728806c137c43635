// What a post gains from a script: buttons at its code, and a mark at the current section in its table of contents.
const { copy, copied, wrap } = document.currentScript.dataset;

const element = (parent, name, text) => {
  const el = document.createElement(name);
  el.textContent = text;
  parent.append(el);
  return el;
};

for (const code of document.querySelectorAll(".prose pre > code")) {
  const pre = code.parentElement;
  // Beside the code, in a table, only numbers: nothing to copy, nothing to scroll to.
  if (code.querySelector(".lnt")) {
    pre.tabIndex = -1;
    continue;
  }
  let box = pre.closest(".highlight");
  if (!box) {
    box = document.createElement("div");
    box.className = "highlight";
    pre.replaceWith(box);
    box.append(pre);
  }
  const tools = element(box, "div", "");
  tools.className = "tools";
  // Empty, or the last thing that was done; read aloud when it changes.
  const status = element(tools, "span", "");
  status.role = "status";

  // Lines beside a column of numbers cannot wrap.
  const table = pre.closest("div.chroma");
  const wrapper = table ? null : element(tools, "button", wrap);
  if (wrapper) {
    wrapper.type = "button";
    wrapper.ariaPressed = false;
    wrapper.onclick = () => {
      wrapper.ariaPressed = box.classList.toggle("wrapped");
    };
  }
  // A block is a stop for the keyboard, and can wrap, where it is wider than the column.
  const scroller = table || pre;
  new ResizeObserver(() => {
    const wide = scroller.scrollWidth > scroller.clientWidth;
    pre.tabIndex = wide ? 0 : -1;
    if (wrapper) wrapper.hidden = !wide && wrapper.ariaPressed != "true";
  }).observe(scroller);

  // Not there on a page that came without encryption.
  if (!navigator.clipboard) continue;
  const button = element(tools, "button", copy);
  button.type = "button";
  button.onclick = () => {
    const text = code.cloneNode(true);
    // What cannot be selected is not copied either.
    for (const el of text.querySelectorAll(".ln, .gp")) el.remove();
    navigator.clipboard.writeText(text.textContent.replace(/\n$/, "")).then(
      () => {
        status.textContent = copied;
        setTimeout(() => (status.textContent = ""), 3000);
      },
      () => getSelection().selectAllChildren(code),
    );
  };
}

const toc = document.querySelector(".toc");
if (toc) {
  const links = [...toc.querySelectorAll("a")];
  const headings = links.map((a) => document.getElementById(decodeURIComponent(a.hash.slice(1))));
  const root = document.documentElement;
  let current;
  // The last heading above a line in the upper part of the window. At the end of a page the last ones cannot come up to
  // it: there it is the one that was asked for, else the last.
  const mark = () => {
    const tops = headings.map((h) => (h ? h.getBoundingClientRect().top : Infinity));
    let i = tops.findLastIndex((top) => top < innerHeight * 0.25);
    if (root.scrollHeight - scrollY - innerHeight < 2) {
      const asked = headings.findIndex((h) => h && h.matches(":target"));
      i = tops[asked] >= 0 ? asked : tops.findLastIndex((top) => top < innerHeight);
    }
    if (links[i] == current) return;
    if (current) current.ariaCurrent = null;
    current = links[i];
    if (!current) return;
    current.ariaCurrent = true;
    // The table scrolls by itself where it is longer than the window.
    toc.scrollTop = current.offsetTop - toc.clientHeight / 2;
  };
  mark();
  addEventListener("scroll", mark, { passive: true });
  addEventListener("resize", mark);
}
