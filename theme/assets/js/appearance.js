// What both scripts share: where the reader's choice is kept, what it may be ("light", "dark", or "" for what the
// system says), and how a page shows it.
export const key = "duskpress-theme";

export const valid = (value) => (value == "light" || value == "dark" ? value : "");

export const show = (choice) => {
  const { dataset } = document.documentElement;
  if (choice) dataset.theme = choice;
  else delete dataset.theme;
  document.getElementsByName("color-scheme")[0].content = choice || "light dark";
  // The two of head-site.html, in their order.
  document.getElementsByName("theme-color").forEach((meta, i) => {
    const scheme = i ? "dark" : "light";
    meta.media = choice ? (choice == scheme ? "" : "not all") : `(prefers-color-scheme:${scheme})`;
  });
};
