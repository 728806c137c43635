// What is hard to read among code: each class of token in a line of its own, on each ground.
(classes) => {
  const parse = (text) => {
    const m = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/.exec(text);
    if (!m) throw new Error("a colour that this test cannot read: " + text);
    return {rgb: m.slice(1, 4).map(Number), alpha: m[4] === undefined ? 1 : Number(m[4])};
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (el) => {
    for (let up = el; up; up = up.parentElement) {
      const {rgb, alpha} = parse(getComputedStyle(up).backgroundColor);
      if (alpha === 1) return rgb;
      if (alpha > 0) throw new Error("a ground that shines through");
    }
    throw new Error("no ground");
  };
  const box = document.createElement("div");
  box.className = "highlight";
  document.querySelector(".prose").append(box);
  const faint = [], grounds = new Set(), colors = new Set();
  for (const [name, open] of [["panel", ""], ["marked", " hl"]]) {
    // Tokens inside a removed or an added line, too.
    for (const around of ["", "gd", "gi"]) {
      for (const c of classes) {
        // Without innerHTML, which the site's policy forbids.
        box.replaceChildren();
        let at = box;
        for (const [tag, name] of [["pre", "chroma"], ["code", ""], ["span", "line" + open], ["span", "cl"], ["span", around], ["span", c]]) {
          const inner = document.createElement(tag);
          inner.className = name;
          at.append(inner);
          at = inner;
        }
        at.textContent = "x";
        const el = box.querySelector("." + c + ":not(:has(*))");
        const style = getComputedStyle(el), below = ground(el), color = parse(style.color);
        grounds.add(below.join());
        colors.add(color.rgb.join());
        if (color.alpha !== 1 || Number(style.opacity) !== 1) faint.push(c + " shines through");
        const [a, b] = [luminance(color.rgb), luminance(below)];
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5) faint.push(`${ratio.toFixed(2)}: ${c} on ${name} ${around}`);
      }
    }
  }
  box.remove();
  // If nothing had a colour, everything could be read.
  if (grounds.size < 4 || colors.size < 7) faint.push(`only ${grounds.size} grounds and ${colors.size} colours`);
  return faint;
}
