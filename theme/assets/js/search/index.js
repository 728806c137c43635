// Reads the files of an index. What is in them is said in tools/search/search.go.
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-";
const values = Object.fromEntries([...digits].map((c, i) => [c, i]));

const keyText = (key) => (key == "0" ? "" : key.replace(/..../g, (unit) => String.fromCharCode(parseInt(unit, 16))));

export class Stale extends Error {}

export class Index {
  constructor(dir) {
    this.dir = dir;
    this.files = new Map();
  }

  // Each file is asked for once; the browser asks the server whether its copy still holds.
  get(path) {
    let file = this.files.get(path);
    if (!file) {
      file = fetch(new URL(path, this.dir), { cache: "no-cache" }).then((r) => {
        if (r.ok) return r.text();
        throw r.status == 404 ? new Stale(path) : new Error(`${path}: ${r.status}`);
      });
      file.catch(() => this.files.delete(path));
      this.files.set(path, file);
    }
    return file;
  }

  async open() {
    const root = JSON.parse(await this.get("root.json"));
    if (root.v != 1) throw new Error("another form of index");
    this.root = root;
    this.starts = { w: root.w.map(keyText), e: root.e.map(keyText) };
  }

  // The number of the shard that a key belongs to.
  at(kind, key) {
    const starts = this.starts[kind];
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (starts[mid] <= key) low = mid;
      else high = mid - 1;
    }
    return low;
  }

  async shard(kind, i) {
    const keys = this.root[kind];
    if (i >= keys.length) return "";
    const data = await this.get(`${kind}/${keys[i]}.txt`);
    const line = data.indexOf("\n");
    // After a new deploy the root may be older than the shard.
    if (data.slice(0, line) != `${keys[i]} ${keys[i + 1] ?? ""}`) throw new Stale(keys[i]);
    return data.slice(line + 1);
  }

  async ends(i) {
    return (await this.shard("e", i)).split("\n");
  }

  // The words of a shard, as {word, posts, cut, list()}; list is of {id, level, section}.
  async words(i) {
    const data = await this.shard("w", i);
    const width = this.root.i;
    const found = [];
    let at = 0;
    let before = [];
    const number = (n) => {
      let value = 0;
      while (n--) value = value * 64 + values[data[at++]];
      return value;
    };
    while (at < data.length) {
      const shared = number(1);
      let end = at;
      while (data[end] > "!") end++;
      before = [...before.slice(0, shared), ...data.slice(at, end)];
      const word = before.join("");
      const mark = data[end];
      at = end + 1;
      if (mark == "!") {
        const id = number(width);
        found.push({ word, posts: 1, list: () => [{ id, level: 0, section: 0 }] });
        continue;
      }
      const n = number(1) + 1;
      const cut = mark == "\n";
      const posts = cut ? 1.4 * 2 ** number(1) : n;
      const high = at;
      const level = high + n;
      const low = level + n;
      let section = low + n * (width - 1);
      const start = section;
      for (let k = 0; k < n; k++) if (values[data[level + k]] >= 32) section++;
      at = section;
      found.push({
        word,
        posts,
        cut,
        list: () => {
          const list = [];
          let id = 0;
          let s = start;
          for (let k = 0; k < n; k++) {
            let delta = values[data[high + k]];
            for (let d = 0; d < width - 1; d++) delta = delta * 64 + values[data[low + k * (width - 1) + d]];
            id += delta;
            const l = values[data[level + k]];
            list.push({ id, level: l & 31, section: l >= 32 ? values[data[s++]] : 0 });
          }
          return list;
        },
      });
    }
    return found;
  }

  async record(id) {
    const name = id.toString(16).padStart(Math.floor((6 * this.root.i + 3) / 4), "0");
    return JSON.parse(await this.get(`r/${name.slice(-2)}/${name}.json`));
  }
}

// One digit for a section's id.
export const sectionHash = (id) => {
  if (!id) return 0;
  let h = 7;
  for (const c of id) h = (Math.imul(h, 31) + c.codePointAt(0)) >>> 0;
  return 1 + (h % 63);
};
