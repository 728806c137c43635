// A post.
(() => {
  const path = (a) => new URL(a.getAttribute("href") ?? "", location).pathname;
  const texts = (selector, of) => Array.from((of ?? document).querySelectorAll(selector), (el) => el.textContent.trim());
  const article = document.querySelector("main article");
  const header = article?.querySelector("header");
  const prose = [...(article?.children ?? [])].find((el) => el.localName === "div");
  if (!header || !prose) return null;

  // In a monospace font, each letter is as wide as the others.
  const mono = (el) => {
    const width = (text) => {
      const span = document.createElement("span");
      span.textContent = text;
      el.append(span);
      const {width} = span.getBoundingClientRect();
      span.remove();
      return width;
    };
    return Math.abs(width("iiii.") - width("WWMM@")) < .1;
  };
  const codes = [...prose.querySelectorAll("code")];
  const list = article.querySelector("details");
  const contents = list?.querySelector("nav");
  const closed = contents?.checkVisibility() === false;
  if (closed) list.querySelector("summary").click();
  return {
    title: texts("h1"),
    date: header.querySelector("time")?.dateTime ?? "",
    tags: Array.from(header.querySelectorAll("ul a"), (a) => ({path: path(a), text: a.textContent.trim()})),
    headings: Array.from(prose.querySelectorAll("h1, h2, h3, h4, h5, h6"), (h) => ({level: Number(h.localName[1]), id: h.id, text: h.textContent.trim()})),
    contents: Array.from(contents?.querySelectorAll("a") ?? [], (a) => ({
      text: a.textContent.trim(),
      target: a.pathname === location.pathname ? document.getElementById(decodeURIComponent(a.hash.slice(1)))?.textContent.trim() ?? "" : a.href,
    })),
    shown: contents?.checkVisibility() === true,
    // How many lists stand around each item.
    items: Array.from(prose.querySelectorAll("li"), (li) => {
      let depth = 0;
      for (let up = li.parentElement; up !== prose; up = up.parentElement) depth += up.localName === "ul" ? 1 : 0;
      return {depth, text: li.firstChild.textContent.trim().replace(/\s+/g, " ")};
    }),
    deleted: Array.from(prose.querySelectorAll("del"), (el) => ({text: el.textContent, line: getComputedStyle(el).textDecorationLine})),
    codes: codes.map((el) => ({text: el.textContent, block: el.closest("pre") !== null, family: getComputedStyle(el).fontFamily, mono: mono(el)})),
    family: getComputedStyle(prose).fontFamily,
  };
})()
