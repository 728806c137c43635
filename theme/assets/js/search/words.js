// Words as the index has them. tools/search/words.go does the same; a test compares the two.
const any = "\\p{L}\\p{N}\\p{M}";
// Scripts that put no space between words.
const paired = `(?=[${any}])[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}\u30fc]`;
const letter = `(?:(?!${paired})[${any}_])`;
const chunks = () => new RegExp(`((?:${paired})+)|(${letter}(?:[.'-]?${letter})*)`, "gu");
const sign = new RegExp(`^(\\+\\+|#)(?![${any}_])`, "u");
const longest = 32;

const letters = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i", ς: "σ" };

// What Unicode has for looks alone, accents and points.
const normal = (text) =>
  text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u0640\u00ad\u200b-\u200f\u2060\ufeff]/g, "")
    .replace(/[\u2019\u05f3]/g, "'")
    .normalize("NFC");

const lower = (text) =>
  [...text.toLowerCase().replace(/[ßæœøđðþłħıς]/g, (c) => letters[c])].slice(0, longest).join("");

// Calls back with each chunk of a text: the word that it is, or null, and the words that are its parts. The word of
// http.StatusOK is httpstatusok; Chinese has parts alone.
const split = (text, yields) => {
  const run = normal(text);
  const re = chunks();
  for (let m; (m = re.exec(run)); ) {
    if (m[1]) {
      const chars = [...m[1]].map(lower);
      if (chars.length < 2) yields(chars[0], []);
      else yields(null, chars.slice(1).map((c, i) => chars[i] + c));
      continue;
    }
    const name = m[2];
    const end = /^[A-Za-z]{1,2}$/.test(name) && sign.exec(run.slice(re.lastIndex, re.lastIndex + 4));
    if (end) {
      re.lastIndex += end[1].length;
      yields(lower(name) + end[1], [lower(name)]);
      continue;
    }
    const whole = lower(name.replace(/[._'-]/g, ""));
    if (!whole) continue;
    const parts = [];
    const fields = name.split(/[.'-]/);
    for (const field of fields) {
      if (fields.length > 1) parts.push(lower(field.replace(/_/g, "")));
      const humps = field
        .replace(/([\p{Ll}\p{N}])(?=\p{Lu})/gu, "$1_")
        .replace(/(\p{Lu})(?=\p{Lu}\p{Ll}\p{Ll})/gu, "$1_")
        .split("_")
        .filter(Boolean);
      if (humps.length > 1) parts.push(...humps.map(lower));
    }
    yields(whole, parts.filter((p) => [...p].length > 1));
  }
};

// All words of a text.
export const words = (text) => {
  const list = [];
  split(text, (whole, parts) => {
    if (whole) list.push(whole);
    list.push(...parts);
  });
  return list;
};

// The words that a question asks for; each may have the word that they are parts of.
export const asked = (text) => {
  const need = new Set();
  const nice = new Set();
  split(text, (whole, parts) => {
    if (!whole || (parts.length && !/[+#]$/.test(whole))) {
      parts.forEach((p) => need.add(p));
      if (whole) nice.add(whole);
    } else need.add(whole);
  });
  return { need: [...need], nice: [...nice].filter((w) => !need.has(w)) };
};

// The chunks of a text as it stands there: where each is, and its words.
export const places = (text) => {
  const list = [];
  for (const m of text.replace(/[\u2019\u05f3]/g, "'").matchAll(new RegExp(`(?:${paired})+|${letter}(?:[.'-]?${letter})*(?:\\+\\+|#)?`, "gu"))) {
    list.push({ at: m.index, text: m[0], words: words(m[0]) });
  }
  return list;
};

export const isPaired = (word) => new RegExp(`^(?:${paired})`, "u").test(word);
