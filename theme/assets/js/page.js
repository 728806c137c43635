// What a post gains from a script: buttons at its code, and a mark at the current section in its table of contents.
const { copy, copied, wrap } = document.currentScript.dataset;

const element = (parent, name, text = "", click) => {
  const el = document.createElement(name);
  el.textContent = text;
  el.onclick = click;
  parent.append(el);
  return el;
};

document.querySelectorAll(".prose pre > code").forEach((code) => {
  const pre = code.parentElement;
  // Beside the code, in a table, only numbers: nothing to copy, nothing to scroll to.
  if (code.querySelector(".lnt")) {
    pre.tabIndex = -1;
    return;
  }
  let box = pre.closest(".highlight");
  if (!box) {
    box = element(pre.parentElement, "div");
    box.className = "highlight";
    pre.replaceWith(box);
    box.append(pre);
  }
  const tools = element(box, "div");
  tools.className = "tools";
  // Empty, or the last thing that was done; read aloud when it changes.
  const status = element(tools, "span");
  status.role = "status";

  // A block is a stop for the keyboard, and can wrap, where it is wider than the column. Lines beside a column of numbers
  // cannot wrap.
  const table = pre.closest("div.chroma");
  const scroller = table || pre;
  const wrapper = element(tools, "button", wrap, () => {
    wrapper.ariaPressed = box.classList.toggle("wrapped");
  });
  wrapper.ariaPressed = false;
  new ResizeObserver(() => {
    const wide = scroller.scrollWidth > scroller.clientWidth;
    pre.tabIndex = wide - 1;
    wrapper.disabled = table || (!wide && wrapper.ariaPressed != "true");
  }).observe(scroller);

  // Not there on a page that came without encryption.
  if (!navigator.clipboard) return;
  element(tools, "button", copy, () => {
    const text = code.cloneNode(true);
    // What cannot be selected is not copied either: numbers, and prompts with the space after them.
    text.querySelectorAll(".ln, .gp").forEach((el) => {
      el.textContent = el.matches(".gp") ? "\0" : "";
    });
    navigator.clipboard.writeText(text.textContent.replace(/\0 ?|\n$/g, "")).then(
      () => {
        status.textContent = copied;
        setTimeout(() => (status.textContent = ""), 3000);
      },
      () => getSelection().selectAllChildren(code),
    );
  });
});

const links = document.querySelectorAll(".toc a");
let current;

// Marks the link to the last heading above a line near the top of the window. At the end of a page the last ones cannot
// come up to it: there it is the last that shows. One that was asked for is not passed while it shows.
const mark = () => {
  const end = document.body.getBoundingClientRect().bottom < innerHeight + 2;
  let next, asked;
  for (const link of links) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    const top = heading?.getBoundingClientRect().top;
    if (!asked && top < innerHeight / (end ? 1 : 8)) next = link;
    asked ||= top >= 0 && heading.matches(":target");
  }
  if (next == current) return;
  if (current) current.ariaCurrent = null;
  current = next;
  if (!next) return;
  next.ariaCurrent = true;
  // The table scrolls by itself where it is longer than the window.
  const toc = next.closest(".toc");
  toc.scrollTop = next.offsetTop - toc.clientHeight / 2;
};
if (links[0]) {
  mark();
  addEventListener("scroll", mark);
  addEventListener("hashchange", mark);
}
