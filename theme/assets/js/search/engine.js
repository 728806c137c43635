// Answers questions from an index: which posts, in which order, and what to show of each.
import { Index, Stale, sectionHash } from "./index.js";
import { asked, isPaired, places, words } from "./words.js";

const shown = 8; // results at once
const enough = 24_000; // characters of shards, after which further words are looked for in the records alone
const kinds = { exact: 1, prefix: 0.5, typo: 0.35 };
const fields = [1, 4, 7, 14]; // the text, tags and description, headings, the title

const weight = (level) => fields[Math.floor(level / 3)] + (level % 3) * 0.5;

// Whether one letter more, less, other, or two swapped make a of b.
export const near = (a, b) => {
  const [x, y] = [[...a], [...b]];
  if (Math.abs(x.length - y.length) > 1) return false;
  let i = 0;
  while (i < x.length && i < y.length && x[i] == y[i]) i++;
  let j = 0;
  while (j < x.length - i && j < y.length - i && x[x.length - 1 - j] == y[y.length - 1 - j]) j++;
  const [m, n] = [x.length - i - j, y.length - i - j];
  return (m <= 1 && n <= 1) || (m == 2 && n == 2 && x[i] == y[i + 1] && x[i + 1] == y[i]);
};

// What the index knows of one word: every term that may be meant.
const look = async (index, word) => {
  const length = [...word].length;
  const i = index.at("w", word);
  let near1 = await index.words(i);
  let size = (await index.shard("w", i)).length;
  const match = (entries, typos) => {
    const list = [];
    for (const e of entries) {
      const kind =
        e.word == word
          ? "exact"
          : e.word.startsWith(word) && (length > 1 || isPaired(word))
            ? "prefix"
            : typos && near(e.word, word)
              ? "typo"
              : "";
      if (kind) list.push({ ...e, kind, factor: kinds[kind] * (kind == "prefix" ? 0.5 + (0.5 * word.length) / e.word.length : 1) });
    }
    return list;
  };
  let terms = match(near1);
  // What begins with the word may go on in the next shard.
  const next = index.starts.w[i + 1];
  if (terms.length < 8 && next?.startsWith(word) && (length > 1 || isPaired(word))) {
    near1 = await index.words(i + 1);
    size += (await index.shard("w", i + 1)).length;
    terms.push(...match(near1));
  }
  if (!terms.length && length > 3) {
    terms = match(near1, true);
    const chars = [...word];
    const ends = new Set();
    // Keys end in the two last letters; an error there leaves the first ones right.
    for (const n of [length - 1, length, length + 1]) {
      ends.add(index.at("e", chars.at(-1) + "0123456"[Math.min(n >> 1, 6)] + chars.at(-2)));
    }
    const have = new Set(terms.map((t) => t.word));
    const meant = [];
    if (index.root.e.length) {
      for (const e of ends) for (const w of await index.ends(e)) if (near(w, word) && !have.has(w)) meant.push(w);
    }
    meant.sort((a, b) => Math.abs(a.length - word.length) - Math.abs(b.length - word.length) || (a < b ? -1 : 1));
    const shards = new Set();
    for (const w of new Set(meant)) {
      const j = index.at("w", w);
      if ((shards.size > 1 || size > enough) && !shards.has(j)) continue;
      if (!shards.has(j)) size += (await index.shard("w", j)).length;
      shards.add(j);
      const e = (await index.words(j)).find((e) => e.word == w);
      if (e) terms.push({ ...e, kind: "typo", factor: kinds.typo });
    }
  }
  return { word, terms, size };
};

// The posts that have the words, best first, by the index alone.
const candidates = (index, found, nice, values) => {
  const posts = new Map();
  const count = (entry, i) => {
    const best = new Map();
    for (const t of entry.terms) {
      const idf = Math.log2(1 + index.root.n / t.posts);
      for (const p of t.list()) {
        const score = t.factor * weight(p.level) * (0.5 + idf);
        if (!(best.get(p.id)?.score >= score)) best.set(p.id, { score, section: p.section, idf });
      }
    }
    for (const [id, b] of best) {
      let post = posts.get(id);
      if (!post) posts.set(id, (post = { id, score: 0, has: 0, section: 0, rare: -1 }));
      post.score += b.score;
      if (i >= 0) post.has |= 1 << i;
      if (b.section && b.idf > post.rare) [post.section, post.rare] = [b.section, b.idf];
    }
  };
  found.forEach(count);
  nice.forEach((entry) => count(entry, -1));
  // A post that a cut list leaves out may have the word all the same.
  const cut = found.map((f) => f.terms.some((t) => t.cut));
  for (const p of posts.values()) {
    p.cover = 0;
    found.forEach((f, i) => {
      p.cover += values[i] * (p.has & (1 << i) ? 1 : cut[i] ? 0.5 : 0);
    });
  }
  return [...posts.values()].filter((p) => p.has).sort((a, b) => b.cover - a.cover || b.score - a.score || a.id - b.id);
};

// How a word of a text answers a word of the question.
const answers = (query, word) => query.findIndex((q) => q.forms.has(word) || (q.long && word.startsWith(q.word)));

const bits = (query, text) => {
  let has = 0;
  for (const w of words(text)) {
    query.forEach((q, i) => {
      if (q.forms.has(w) || (q.long && w.startsWith(q.word))) has |= 1 << i;
    });
  }
  return has;
};

// What it counts that a post has some of the words. Those that many posts have say little.
const worth = (index, found, order) =>
  order.map((_, i) => (found[i]?.terms.some((t) => t.kind == "exact" && t.posts * 8 > index.root.n && index.root.n > 40) ? 0.25 : 1));

const total = (has, values) => values.reduce((sum, v, i) => sum + (has & (1 << i) ? v : 0), 0);

const ones = (n) => {
  let count = 0;
  for (; n; n &= n - 1) count++;
  return count;
};

// How many words of the question stand beside each other in a text as they were asked.
const together = (need, text) => {
  const pairs = new Set();
  let before = "";
  for (const w of words(text)) {
    const i = need.indexOf(before);
    if (i >= 0 && w.startsWith(need[i + 1] ?? "\0")) pairs.add(i);
    before = w;
  }
  return pairs.size;
};

// Cuts a text to what stands around the first of the words, as [text, marked] pairs.
const excerpt = (text, query, length = 190) => {
  const hits = [];
  for (const place of places(text)) {
    if (!place.words.some((w) => answers(query, w) >= 0)) continue;
    let { at } = place;
    let size = place.text.length;
    if (isPaired(place.text)) {
      // One run has many words: only what was asked for is marked.
      const q = query.find((q) => place.text.includes(q.word));
      if (q) [at, size] = [at + place.text.indexOf(q.word), q.word.length];
    }
    hits.push([at, at + size]);
  }
  // The place where most of the words are close together.
  let best = 0;
  let most = 0;
  hits.forEach(([at], i) => {
    let n = 0;
    while (i + n < hits.length && hits[i + n][1] < at + length) n++;
    if (n > most) [best, most] = [at, n];
  });
  let from = hits.length && text.length > length ? Math.max(0, best - 50) : 0;
  if (from) from = text.indexOf(" ", from) + 1 || from;
  if (from > best) from = best;
  let to = Math.min(text.length, from + length);
  if (to < text.length) to = Math.max(text.lastIndexOf(" ", to), from + length / 2);
  const list = from ? [["… ", false]] : [];
  let at = from;
  for (const [a, b] of hits) {
    if (a < at || b > to) continue;
    list.push([text.slice(at, a), false], [text.slice(a, b), true]);
    at = b;
  }
  list.push([text.slice(at, to) + (to < text.length ? " …" : ""), false]);
  return list.filter(([s]) => s);
};

const show = (index, { need, query, values }, post, record) => {
  const title = bits(query, record.t);
  let all = title | bits(query, [record.a ?? "", ...(record.g ?? [])].join(" "));
  const lead = record.a ? ["", "", record.a] : ["", "", ""];
  let best = null;
  let phrase = together(need, record.t);
  for (const s of record.s) {
    const [id, heading, text] = s;
    const inHeading = bits(query, heading);
    const inText = bits(query, text);
    all |= inHeading | inText;
    phrase = Math.max(phrase, together(need, heading), together(need, text));
    // A section is shown for words that the title does not have.
    const score = 3 * ones(inHeading & ~title) + 2 * ones(inHeading | inText) + ones(inHeading) + (id ? 0 : 0.5);
    if ((inHeading || inText) && (!best || score > best.score)) best = { score, s };
  }
  if (!best && record.x && post.section) {
    const s = record.s.find(([id]) => sectionHash(id) == post.section);
    if (s) best = { s };
  }
  const [id, heading, text] = best?.s ?? record.s.find(([, , text]) => text) ?? lead;
  const url = new URL(record.u, index.dir);
  return {
    url: url.href + (best && id ? `#${encodeURIComponent(id)}` : ""),
    page: url.href,
    title: excerpt(record.t, query, 1e4),
    section: best && id ? excerpt(heading, query, 1e4) : [],
    text: excerpt(text || lead[2], query),
    date: record.d ?? "",
    cover: total(all | (record.x ? post.has : 0), values),
    score: post.score * (1 + ones(title) / query.length) * (1 + phrase / need.length),
  };
};

// One answer: more() resolves to the next results, and is null after the last.
const answer = async (index, text) => {
  const { need, nice } = asked(text);
  if (!need.length) return { need, more: null };
  // The longest words first: they tell most, and the rest is found in the records of what they find.
  const order = need.slice(0, 31).sort((a, b) => b.length - a.length);
  const found = [];
  let size = 0;
  for (let step = 2; found.length < order.length && size < enough; step = 1) {
    const some = await Promise.all(order.slice(found.length, found.length + step).map((w) => look(index, w)));
    found.push(...some);
    size += some.reduce((sum, f) => sum + f.size, 0);
  }
  const whole = size < enough ? await Promise.all(nice.slice(0, 1).map((w) => look(index, w))) : [];
  const values = worth(index, found, order);
  const list = candidates(index, found, whole, values);
  const query = order.map((word, i) => ({
    word,
    forms: new Set([word, ...(found[i]?.terms ?? []).filter((t) => t.kind == "typo").map((t) => t.word)]),
    long: [...word].length > 1 || isPaired(word),
  }));
  let at = 0;
  const result = { need, count: list.length, more: null };
  const more = async () => {
    const some = list.slice(at, (at += shown));
    const results = await Promise.all(
      some.map(async (post) => {
        try {
          return show(index, { need, query, values }, post, await index.record(post.id));
        } catch (e) {
          if (e instanceof Stale) return null; // withdrawn since
          throw e;
        }
      }),
    );
    result.more = at < list.length ? more : null;
    return results
      .filter((r) => r?.cover)
      .sort((a, b) => b.cover - a.cover || b.score - a.score || (a.date < b.date ? 1 : a.date > b.date ? -1 : a.page < b.page ? -1 : 1));
  };
  if (list.length) result.more = more;
  return result;
};

// Opens the index in a directory, whose address ends with a slash.
export const open = (dir) => {
  let index;
  const fresh = async () => {
    const next = new Index(dir);
    await next.open();
    index = next;
  };
  return async (text) => {
    if (!index) await fresh();
    try {
      return await answer(index, text);
    } catch (e) {
      if (!(e instanceof Stale)) throw e;
      await fresh(); // the site was published anew meanwhile
      return answer(index, text);
    }
  };
};
