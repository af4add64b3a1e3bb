// Generated strings for comparing tokenizers: words and noise of many scripts, mixed at random from a seed.

// A small, well-known generator (mulberry32), so that a seed means the same strings everywhere.
export function makeRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return { next, below, pick: (list) => list[below(list.length)] };
}

const WORDS = [
  "牛顿第一定律", "解释", "写个笑话", "人工智能", "中文，标点。", "“引号”", "……", "你好！", "龥", "㐀", "𠀀𪛖",
  "The", "quick", "Newton's", "don't", "WE'LL", "I'M", "they've", "HTTPServer", "camelCase", "naïve", "Straße", "ÀÉÎ",
  "Größe", "Việt Nam", "Ελληνικά", "Привет", "мир", "שלום", "مرحبا", "بِسْمِ", "नमस्ते", "क्षत्रिय", "สวัสดี", "ភាសាខ្មែរ",
  "한국어", "안녕하세요", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\uffa1\uffc2", "ㄱㄴㄷ", "ㄅㄆㄇ", "ひらがな", "カタカナ", "ﾊﾝｶｸ", "々〆〇",
  "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇨🇳🇰🇷", "❤️", "1️⃣", "🦙", "٣٤٥", "१२३", "Ⅷ", "½", "①②", "㈠", "x²",
  "ǅ", "ʰ", "ⅷ", "ﬁ", "Å", "\u0041\u030a", "e\u0301\u0323", "q\u0323\u0307", "\u0301", "\u20dd", "\u0e33", "ﷺ", "한글bcd한e글f",
];
const CODE = [
  "def f(x):\n    return x ** 2", "for (int i = 0; i < n; ++i) {", "a/b/c\\d", "#include <vector>\r\n", "x=1;y=2", "https://example.com/a?b=c&d=%20",
  "{\"k\": [1, 2.5e-3, null]}", "/* c */", "--help", "<div class='a'>", "SELECT * FROM t;", "0x1F", "$HOME", "a_b_c", "@@", "~~~", "|=>",
];
const SPACES = [" ", "  ", "   ", "        ", "\t", "\n", "\r\n", "\n\n", " \n ", "\u00a0", "\u3000", "\u2003", "\u2028", "\u1680", "\u200b", "\u180e", "\v", "\f"];
const MARKS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~£€°·。，、；：？！“”‘’—…《》";
const LEFT_OUT = new Set([0x85, 0xfeff, 0x17f, 0x212a]);
// Assigned after Unicode 14 (by 15, 15.1, 16 and 17), in the range used here.
const TOO_NEW = [[0x0cf3], [0x0ece], [0x2ffc, 0x2fff], [0x31ef], [0x0897], [0x1c89, 0x1c8a], [0xa7cb, 0xa7d2], [0xa7d4],
  [0xa7da, 0xa7dc], [0x2427, 0x2429], [0x31e4, 0x31e5], [0x088f], [0x0c5c], [0x0cdc], [0x1acf, 0x1aeb], [0x20c1],
  [0x2b96], [0xa7f1], [0xfbc3, 0xfbd2], [0xfd90, 0xfd91], [0xfdc8, 0xfdce]];

function isUsable(text) {
  const c = text.codePointAt(0);
  if (LEFT_OUT.has(c) || TOO_NEW.some(([first, last = first]) => c >= first && c <= last)) return false;
  return /\p{Assigned}/u.test(text);
}

function randomCharacter(random) {
  for (;;) {
    const c = random.below(0xffff) + 1;
    if (c >= 0xd800 && c <= 0xdfff) continue;
    const text = String.fromCodePoint(c);
    if (isUsable(text)) return text;
  }
}

function digits(random) {
  return Array.from({ length: 1 + random.below(8) }, () => random.below(10)).join("");
}

function letters(random) {
  return Array.from({ length: 1 + random.below(9) }, () =>
    String.fromCharCode((random.below(4) ? 97 : 65) + random.below(26))).join("");
}

function part(random, contents) {
  switch (random.below(14)) {
    case 0: case 1: case 2: case 3: return random.pick(WORDS);
    case 4: case 5: return letters(random);
    case 6: return digits(random);
    case 7: return random.pick(CODE);
    case 8: return random.pick(SPACES).repeat(1 + random.below(3));
    case 9: return Array.from(MARKS)[random.below(Array.from(MARKS).length)].repeat(1 + random.below(4));
    case 10: return randomCharacter(random) + randomCharacter(random);
    case 11: return String.fromCharCode(random.below(32)) + (random.below(2) ? "\x7f" : "");
    case 12: return random.pick(["'s", "'T", "'re", "'VE", "'m", "'ll", "'D", "'x", "’s"]);
    default: return contents.length && random.below(2) ? random.pick(contents) : " ";
  }
}

function randomBytes(random) {
  const bytes = [];
  for (let n = 1 + random.below(12); n > 0; --n) {
    bytes.push(...random.pick([[random.below(256)], [0xe4, 0xb8, 0xad], [0xf0, 0x9f, 0xa6], [0xc3], [0xed, 0xa0, 0x80], [0x61]]));
  }
  // A byte order mark at the front is taken away by JavaScript's decoder only.
  return bytes[0] === 0xef ? [0x20, ...bytes] : bytes;
}

// `contents`: the added tokens, which are mixed in. A string, or a list of bytes that are often no UTF-8.
export function makeStrings(count, seed, contents) {
  const random = makeRandom(seed);
  const lines = [...WORDS, ...CODE, ...SPACES, ...contents, ""];
  while (lines.length < count) {
    if (random.below(12) === 0) {
      const bytes = randomBytes(random);
      const text = Buffer.from(bytes).toString("utf8");
      if (Array.from(text).every(isUsable)) lines.push(bytes);
      continue;
    }
    let text = "";
    for (let n = 1 + random.below(10); n > 0; --n) {
      text += part(random, contents);
      if (random.below(3) === 0) text += " ";
    }
    lines.push(text);
  }
  return lines;
}
