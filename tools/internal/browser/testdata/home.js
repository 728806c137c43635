// The home page: its table of contents and its post area.
(() => {
  const path = (a) => new URL(a.getAttribute("href") ?? "", location).pathname;
  const links = (el) => Array.from(el.querySelectorAll("a"), (a) => ({path: path(a), text: a.textContent.trim()}));
  const contents = document.querySelector("main nav[aria-labelledby]");
  const [tags, entries] = contents ? contents.querySelectorAll(":scope > ul") : [];
  const articles = [...document.querySelectorAll("main article")];
  const boxes = articles.map((el) => el.getBoundingClientRect());
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const beside = (a, b) => Boolean(a && b) && a.top < b.bottom && b.top < a.bottom;
  return {
    first: contents?.querySelector(":scope > :not(h1, h2, h3)") === tags,
    tags: tags ? Array.from(tags.children, (li) => ({links: links(li), text: li.textContent.trim()})) : [],
    entries: entries ? Array.from(entries.children, (li) => ({
      date: li.querySelector("time")?.dateTime ?? "",
      post: links(li)[0],
      tags: Array.from(li.querySelectorAll(":scope ul a"), path),
    })) : [],
    gaps: boxes.slice(1).map((box, i) => (box.top - boxes[i].bottom) / rem),
    beside: beside(contents?.getBoundingClientRect(), boxes[0]),
  };
})()
