// The header's link leads to the search page, and so do / and Ctrl-K. There they lead to the field.
const link = document.querySelector(".find");
if (link) link.href = link.dataset.to;

onkeydown = (e) => {
  const typing = e.target.isContentEditable || /^(INPUT|TEXTA|SEL)/.test(e.target.tagName);
  if (!link || e.altKey || !(e.ctrlKey || e.metaKey ? e.key == "k" : e.key == "/" && !typing)) return;
  e.preventDefault();
  const field = document.querySelector("#search-index input");
  if (field) field.select();
  else link.click();
};
