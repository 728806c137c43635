// What is wrong with the page of prose.md.
(() => {
  const wrong = [];
  const prose = document.querySelector(".prose");
  const rtl = document.dir === "rtl";
  // Distances from the side at which lines begin.
  const start = (box) => rtl ? innerWidth - box.right : box.left;
  const end = (box) => rtl ? innerWidth - box.left : box.right;
  const column = prose.getBoundingClientRect();
  const firstLine = (el) => {
    const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      if (!walker.currentNode.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      return range.getClientRects()[0];
    }
  };
  const item = (text) => [...prose.querySelectorAll("li")].find((li) => li.textContent.trim().startsWith(text));

  // Five levels, each further in, with a marker of its own and a line down to it.
  let before = -1;
  const markers = new Set();
  for (const [i, text] of ["one", "two", "three", "four", "five"].entries()) {
    const li = item(text), list = li.parentElement, at = start(firstLine(li));
    if (at < before + 8) wrong.push(text + " is not further in than the level above: " + at + " after " + before);
    before = at;
    const marker = getComputedStyle(list).listStyleType;
    if (markers.has(marker)) wrong.push("the marker of " + text + " is that of another level: " + marker);
    markers.add(marker);
    if (i && !(parseFloat(getComputedStyle(list).borderInlineStartWidth) >= 1)) wrong.push("no guide line at " + text);
  }
  if (end(column) - before < 130) wrong.push("the fifth level is " + (end(column) - before) + " px wide");

  for (const text of ["five", "Loose", "Ordered"]) {
    const li = item(text), code = li.querySelector(".highlight").getBoundingClientRect();
    const off = start(code) - start(firstLine(li));
    if (Math.abs(off) > 1) wrong.push("code in a bullet does not begin at the text of " + text + ": " + off + " px off");
    const range = document.createRange();
    range.selectNodeContents(li);
    range.setEndBefore(li.querySelector(".highlight"));
    const gap = code.top - Math.max(...[...range.getClientRects()].map((line) => line.bottom));
    if (!(gap >= 8 && gap < 24)) wrong.push("code in a bullet is " + gap + " px below the text of " + text);
    if (end(code) > end(column) + .5) wrong.push("code in a bullet sticks out");
    if (getComputedStyle(li.querySelector("pre")).direction !== "ltr") wrong.push("code goes to the left");
  }

  for (const box of prose.querySelectorAll("input")) {
    if (!box.ariaLabel) wrong.push("a check box without a name");
  }
  for (const frame of prose.querySelectorAll(".table")) {
    if (getComputedStyle(frame).overflowX !== "auto" || frame.tabIndex !== 0) wrong.push("a table has no frame to scroll in");
  }
  const wide = [...prose.querySelectorAll(".table")].at(-1);
  if (wide.scrollWidth > wide.clientWidth !== innerWidth < 500) wrong.push("a table of five columns scrolls at " + innerWidth + " px: " + (innerWidth >= 500));

  // On a wide screen sidenotes stand between the text and the table of contents, beside their lines, one below another.
  const notes = [...document.querySelectorAll(".sidenote")];
  if (notes.length !== 4) wrong.push(notes.length + " sidenotes");
  let bottom = 0;
  notes.forEach((note, i) => {
    const small = note.querySelector("small"), box = small.getBoundingClientRect();
    const margin = innerWidth >= 1312 && i < 3;
    if (small.getAttribute("role") !== "note") wrong.push("a sidenote that is none to those who hear it");
    if (margin) {
      const toc = document.querySelector(".toc").getBoundingClientRect();
      if (start(box) < end(column) + 8 || end(box) > start(toc) - 8) wrong.push("a sidenote from " + start(box) + " to " + end(box) + ", between " + end(column) + " and " + start(toc));
      if (box.top < bottom) wrong.push("a sidenote on another");
      if (Math.abs(box.top - note.getBoundingClientRect().top) > 120) wrong.push("a sidenote far from its line");
      bottom = box.bottom;
    } else if (start(box) < start(column) || end(box) > end(column) + (i === 3 ? 1e3 : .5) || box.width < 60) {
      wrong.push("a sidenote from " + start(box) + " to " + end(box) + " in a column from " + start(column) + " to " + end(column));
    }
    if (!margin) {
      // The sentence goes on as if it were not there.
      const after = document.createRange(), rest = note.nextSibling;
      if (rest?.data?.length > 4) {
        after.setStart(rest, 1);
        after.setEnd(rest, 4);
        const left = after.getBoundingClientRect().left;
        small.style.setProperty("display", "none", "important");
        if (Math.abs(left - after.getBoundingClientRect().left) > 1) wrong.push("a sidenote parts its sentence before " + rest.data);
        small.style.removeProperty("display");
      }
      // What comes next stands below it.
      const held = note.closest("p, li, td").getBoundingClientRect();
      if (held.bottom < box.bottom - .5) wrong.push("a sidenote hangs out below its paragraph");
    }
    const [a, b] = [getComputedStyle(note, "::before").content, getComputedStyle(small, "::before").content];
    if (a !== b || !a.includes("counter")) wrong.push("the marks of a sidenote are " + a + " and " + b);
    if (note.querySelector("i").checkVisibility()) wrong.push("parentheses at a sidenote");
  });

  for (const a of prose.querySelectorAll(".footnote-ref, .footnote-backref")) {
    const box = a.getBoundingClientRect();
    if (box.width < 24 || box.height < 24) wrong.push(a.className + " is " + box.width + " px wide and " + box.height + " px high");
  }

  const math = prose.querySelector(".math"), formula = math.querySelector("math");
  if (formula.getBoundingClientRect().width < 100) wrong.push("the formula is not set");
  if (getComputedStyle(math).overflowX !== "auto" || math.getBoundingClientRect().right > innerWidth) wrong.push("the formula has no frame to scroll in");
  if (math.scrollWidth <= math.clientWidth && innerWidth < 500) wrong.push("the formula does not scroll");

  const drawing = prose.querySelector(".goat svg");
  if (drawing.getBoundingClientRect().width < 100) wrong.push("the drawing does not show");
  if (drawing.ariaLabel !== "Two boxes") wrong.push("the drawing has no name");
  const ink = getComputedStyle(prose).color, paper = getComputedStyle(document.body).backgroundColor;
  for (const el of drawing.querySelectorAll("path, polygon, circle, text")) {
    const {fill, stroke} = getComputedStyle(el);
    for (const c of [fill, stroke]) {
      if (c !== "none" && c !== ink && c !== paper) wrong.push("the drawing has " + c + " at " + el.outerHTML.slice(0, 60));
    }
  }
  return wrong;
})()
