// What holds for every page: nothing sticks out sideways, every text can be read.
(() => {
  const root = document.documentElement;
  const page = {scroll: root.scrollWidth, client: root.clientWidth, wide: [], faint: [], background: "", color: ""};

  // An overflow that is cut off would pass for one that is not there.
  for (const el of [root, document.body]) {
    if (getComputedStyle(el).overflowX !== "visible") page.wide.push(el.localName + " hides or scrolls what sticks out");
  }
  if (page.scroll > page.client) {
    for (const el of document.body.querySelectorAll("*")) {
      const box = el.getBoundingClientRect();
      if (box.right <= page.client + .5 || !el.checkVisibility()) continue;
      let inside = false;
      for (let up = el.parentElement; up; up = up.parentElement) inside ||= getComputedStyle(up).overflowX !== "visible";
      if (!inside) page.wide.push(`<${el.localName} class="${el.getAttribute("class") ?? ""}"> to ${Math.round(box.right)}: ${el.textContent.trim().slice(0, 60)}`);
    }
  }

  const parse = (text) => {
    const m = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text);
    if (!m) throw new Error("a colour that this test cannot read: " + text);
    return {rgb: m.slice(1, 4).map(Number), alpha: m[4] === undefined ? 1 : Number(m[4])};
  };
  const over = (top, below) => top.rgb.map((v, i) => v * top.alpha + below[i] * (1 - top.alpha));
  const backdrop = (el) => {
    const layers = [];
    for (let up = el; up; up = up.parentElement) {
      const layer = parse(getComputedStyle(up).backgroundColor);
      if (layer.alpha > 0) layers.push(layer);
      if (layer.alpha === 1) break;
    }
    const canvas = getComputedStyle(root).colorScheme === "dark" ? [18, 18, 18] : [255, 255, 255];
    return layers.reverse().reduce((below, layer) => over(layer, below), canvas);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.data.trim(), el = texts.currentNode.parentElement;
    if (!text || !el.checkVisibility({visibilityProperty: true})) continue;
    const style = getComputedStyle(el), below = backdrop(el);
    const color = parse(el instanceof SVGElement ? style.fill : style.color);
    let opacity = 1;
    for (let up = el; up; up = up.parentElement) opacity *= Number(getComputedStyle(up).opacity);
    const [a, b] = [luminance(over({rgb: color.rgb, alpha: color.alpha * opacity}, below)), luminance(below)];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) page.faint.push(`${ratio.toFixed(2)} in <${el.localName} class="${el.getAttribute("class") ?? ""}">: ${text.slice(0, 60)}`);
  }
  page.background = backdrop(document.body).join();
  page.color = getComputedStyle(document.body).color;
  return page;
})()
