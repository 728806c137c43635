// In each page that `duskpress serve` sends: shows what is wrong with the sources, and takes in what has changed.
(() => {
  const me = document.currentScript;
  const { page, rest, mark, navigate } = me.dataset;
  const own = new URL("./", me.src);
  let now = { page, rest };
  let build; // that the page was told of first

  // The panel is in a tree of its own, so that the page's style and scripts do not know of it.
  const host = document.createElement("duskpress-live");
  const root = host.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; position: fixed; inset: auto 1rem 1rem; z-index: 2147483647; pointer-events: none; color-scheme: dark; }
    @media print { :host { display: none; } }
    * { box-sizing: border-box; }
    div { font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; color: #e4e4e8; background: #1d1e25; border: 1px solid #55575f; border-radius: 6px; pointer-events: auto; width: fit-content; max-width: 100%; }
    .mark { padding: .2rem .7rem; margin-block-end: .5rem; }
    .panel { padding: .7rem 1rem; max-height: 45vh; overflow: auto; border-inline-start: 4px solid #ff8f80; }
    .panel.warning { border-inline-start-color: #f0c15c; }
    .panel.lost { border-inline-start-color: #9a9ba3; }
    header { display: flex; gap: 1rem; justify-content: space-between; align-items: baseline; font-weight: bold; }
    button { font: inherit; color: inherit; background: none; border: 1px solid #55575f; border-radius: 4px; min-width: 44px; min-height: 32px; cursor: pointer; }
    ol { list-style: none; margin: .5rem 0 0; padding: 0; }
    li { padding-block: .4rem; border-block-start: 1px solid #3a3b44; overflow-wrap: anywhere; }
    a { color: #aab4ff; } small { font-size: 1em; color: #b4b5bd; } p, pre { margin: .2rem 0; font: inherit; color: #b4b5bd; white-space: pre-wrap; }
    .error b { color: #ff8f80; } .warning b { color: #f0c15c; }`);
  root.adoptedStyleSheets = [style];

  const el = (name, props = {}, ...children) => {
    const e = Object.assign(document.createElement(name), props);
    e.append(...children);
    return e;
  };
  const panel = el("div", { className: "panel", hidden: true });
  panel.setAttribute("role", "status");
  if (mark) root.append(el("div", { className: "mark", textContent: mark }));
  root.append(panel);
  document.documentElement.append(host);

  let closed = ""; // what the reader has closed, until it is another
  let told;
  const show = (state, lost) => {
    const what = JSON.stringify([state.problems, state.failed, lost]);
    if (what == closed) return;
    closed = "";
    panel.hidden = !lost && !state.failed && !state.problems.length;
    panel.className = `panel ${lost ? "lost" : state.failed || state.problems.some((p) => p.severity == "error") ? "error" : "warning"}`;
    const n = state.problems.length;
    const title = lost
      ? "serve does not answer: this page may be old"
      : state.failed
        ? `Not built: ${state.previewed ? "pages that are not open may be older than their sources" : "this page is older than its sources"}`
        : `${n} ${n == 1 ? "thing" : "things"} to look at`;
    const close = el("button", { type: "button", textContent: "\u00d7", ariaLabel: "Close" });
    close.onclick = () => {
      closed = what;
      panel.hidden = true;
    };
    const items = state.problems.map((p) => {
      const place = p.edit ? el("a", { href: p.edit, textContent: p.place }) : p.place;
      const li = el("li", { className: p.severity }, place, p.place ? ": " : "", el("b", { textContent: p.severity }), `: ${p.message} `, el("small", { textContent: `[${p.rule}]` }));
      if (p.source) li.append(el("pre", { textContent: p.source }));
      if (p.hint) li.append(el("p", { textContent: `hint: ${p.hint}` }));
      return li;
    });
    panel.replaceChildren(el("header", {}, el("span", { textContent: title }), close), el("ol", {}, ...(lost ? [] : items)));
  };

  // Other style sheets take the place of the old ones once they are loaded, so that nothing is ever without.
  const restyle = (sheets) => {
    const old = [...document.querySelectorAll("link[rel=stylesheet]")];
    const fresh = sheets.filter((s) => !old.some((l) => l.getAttribute("href") == s.href));
    const drop = old.filter((l) => !sheets.some((s) => s.href == l.getAttribute("href")));
    let waiting = fresh.length;
    const done = () => {
      if (--waiting <= 0) for (const l of drop) l.remove();
    };
    const after = old.at(-1);
    for (const s of fresh) {
      const link = el("link", { rel: "stylesheet", onload: done, onerror: done });
      if (s.integrity) link.integrity = s.integrity;
      link.href = s.href;
      if (after) after.after(link);
      else document.head.append(link);
    }
    if (!waiting) done();
  };

  const uses = (changed) => {
    const paths = new Set(performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname));
    for (const e of document.querySelectorAll("img, source, video, audio, script, iframe, object")) {
      for (const u of [e.currentSrc, e.src, e.data]) if (u) paths.add(new URL(u, location.href).pathname);
    }
    return changed.some((p) => paths.has(p));
  };

  const here = () => `path=${encodeURIComponent(decodeURI(location.pathname))}`;
  let asking = Promise.resolve();
  const refresh = async (state) => {
    if (navigate == "true" && state.go && state.go != location.pathname) {
      location.assign(state.go);
      return;
    }
    const r = await fetch(new URL(`page?${here()}`, own));
    if (!r.ok) return;
    const is = await r.json();
    if (is.rest != now.rest || uses(state.changed || [])) location.reload();
    else if (is.page != now.page) restyle(is.sheets);
    now = is;
  };

  let events;
  let last = { problems: [] };
  const heard = () => {
    clearTimeout(told);
    told = undefined;
  };
  const listen = () => {
    if (events || document.hidden) return;
    events = new EventSource(new URL(`events?${here()}`, own));
    events.onmessage = (e) => {
      last = JSON.parse(e.data);
      heard();
      show(last, false);
      // The first word may be of a build that came while this page was on its way, or was not looked at.
      const first = build == undefined;
      if (last.build && build != last.build) asking = asking.then(() => refresh(first ? {} : last)).catch(() => {});
      build = last.build;
    };
    events.onerror = () => {
      told ??= setTimeout(() => show(last, true), 1500); // it tries again and again
    };
  };
  // Browsers keep few connections to a host, so a page that nobody sees has none.
  const leave = () => {
    heard();
    events?.close();
    events = undefined;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : listen()));
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (e) => {
    if (e.persisted) listen();
  });
  listen();
})();
