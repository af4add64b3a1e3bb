// Trains small byte-level BPE tokenizers on a generated corpus and writes them as tokenizer.json objects, one for each
// kind of splitting that published models use.
import { makeRandom, makeStrings } from "./tokenizer_strings.mjs";

const CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const FIRST = "[^\\r\\n\\p{L}\\p{N}]?";
const GPT_4O = `${FIRST}${UPPER}*${LOWER}+${CONTRACTION}?|${FIRST}${UPPER}+${LOWER}*${CONTRACTION}?`;
const GPT_4O_TAIL = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const GPT_4_TAIL = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const EAST_ASIAN = "[\\p{Hangul}]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[\\p{Han}\\p{Hiragana}\\p{Katakana}]+";
const EAST_ASIAN_RANGES = "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+";

// The byte alphabet, written from its definition: printable Latin-1 stands for itself.
const ALPHABET = (() => {
  const own = (b) => (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(own(b) ? b : next++));
})();

function split(pattern, behavior = "Isolated", kind = "Regex") {
  return { type: "Split", pattern: { [kind]: pattern }, behavior, invert: false };
}

// Learns merges from words by counting pairs; slow and simple. Equal counts are decided by the pair's spelling.
function train(words, numMerges) {
  const vocab = new Map(ALPHABET.map((c, i) => [c, i]));
  const merges = [];
  const symbols = words.map(([word, count]) =>
    [Array.from(Buffer.from(word, "utf8"), (b) => ALPHABET[b]), count]);
  while (merges.length < numMerges) {
    const counts = new Map();
    for (const [list, count] of symbols) {
      for (let i = 0; i + 1 < list.length; ++i) {
        const pair = `${list[i]} ${list[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    let best = null;
    for (const [pair, count] of counts) {
      if (!best || count > best[1] || (count === best[1] && pair < best[0])) best = [pair, count];
    }
    if (!best || best[1] < 2) break;
    const [left, right] = best[0].split(" ");
    merges.push([left, right]);
    if (!vocab.has(left + right)) vocab.set(left + right, vocab.size);
    for (const entry of symbols) {
      const merged = [];
      for (let i = 0; i < entry[0].length; ++i) {
        if (entry[0][i] === left && entry[0][i + 1] === right) {
          merged.push(left + right);
          ++i;
        } else {
          merged.push(entry[0][i]);
        }
      }
      entry[0] = merged;
    }
  }
  return { vocab, merges };
}

// Words of the corpus, cut roughly: what the merges are is not what is tested.
function corpusWords(seed) {
  const counts = new Map();
  for (const text of makeStrings(3000, seed, [])) {
    if (typeof text !== "string") continue;
    for (const word of text.match(/ ?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+/gu) ?? []) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return [...counts];
}

function addedToken(id, content, options = {}) {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...options };
}

function makeJson({ trained, stages, normalizer = null, ignoreMerges = false, asStrings = false, added = [], pieces = [], whole = 0, seed = 1 }) {
  const vocab = new Map(trained.vocab);
  // Whole words that no merge makes: only ignore_merges finds them.
  const random = makeRandom(seed);
  for (let i = 0; i < whole; ++i) {
    const word = `w${random.below(1000)}${"xyz"[i % 3]}`;
    if (!vocab.has(word)) vocab.set(word, vocab.size);
  }
  const added_tokens = [];
  let next = vocab.size;
  for (const [content, options] of added) added_tokens.push(addedToken(next++, content, options));
  for (const { id, content } of added_tokens) if (pieces.includes(content)) vocab.set(content, id);
  return {
    version: "1.0", truncation: null, padding: null, added_tokens, normalizer,
    pre_tokenizer: { type: "Sequence", pretokenizers: stages },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
      fuse_unk: false, byte_fallback: false, ignore_merges: ignoreMerges,
      vocab: Object.fromEntries(vocab),
      merges: asStrings ? trained.merges.map((pair) => pair.join(" ")) : trained.merges,
    },
  };
}

export function makeTokenizers() {
  const trained = train(corpusWords(7), 700);
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  const control = [["<|begin_of_text|>", {}], ["<|end_of_text|>", {}], ["<|User|>", {}], ["<|Assistant|>", {}],
    ["<think>", { special: false }], ["</think>", { special: false }], ["<think>>", { special: false }]];
  const stripping = [["<l>", { lstrip: true }], ["<r>", { rstrip: true }], ["<lr>", { lstrip: true, rstrip: true }], ["[Å]", { special: false }]];
  const make = (name, options) => ({ name, json: makeJson({ trained, ...options }) });
  return [
    make("youtu, scripts", {
      stages: [split(EAST_ASIAN), split(`${GPT_4O}|\\p{N}${GPT_4O_TAIL}`), byteLevel],
      ignoreMerges: true, whole: 100, added: control, pieces: ["<|User|>", "<think>"],
    }),
    make("youtu, ranges, no ignore_merges", {
      stages: [split(EAST_ASIAN_RANGES), split(`${GPT_4O}|\\p{N}${GPT_4O_TAIL}`), byteLevel],
      whole: 100, added: [...control, ...stripping],
    }),
    make("gpt-4o", { stages: [split(`${GPT_4O}|\\p{N}{1,3}${GPT_4O_TAIL}`), byteLevel], asStrings: true, added: control }),
    make("llama-3", {
      stages: [split(`${CONTRACTION}|${FIRST}\\p{L}+|\\p{N}{1,3}${GPT_4_TAIL}`), byteLevel],
      ignoreMerges: true, whole: 50, added: stripping,
    }),
    make("qwen2", {
      stages: [split(`${CONTRACTION}|${FIRST}\\p{L}+|\\p{N}${GPT_4_TAIL}`), byteLevel],
      normalizer: { type: "NFC" }, added: [...control, ["<nö>", { normalized: true, special: false }]],
    }),
    make("gpt-2 with NFKC", {
      stages: [{ type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true }],
      normalizer: { type: "Sequence", normalizers: [{ type: "NFKC" }] }, added: stripping,
    }),
    make("classes and removed matches", {
      stages: [split("[\\p{L}\\p{M}&&[^\\p{Han}]]+|[^\\x{4e00}-\\x{9fff}\\s]{1,3}+"), split("·", "Removed"), split("ab", "Isolated", "String"), byteLevel],
    }),
  ];
}
