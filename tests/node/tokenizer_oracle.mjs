// Compares our token ids with those of @huggingface/tokenizers: generated tokenizer.json files of several kinds, many
// generated strings in many scripts. Every id of every string must be equal.
//   node tokenizer_oracle.mjs <encode_lines> [strings per tokenizer] [seed]
//
// What is left out on purpose, because the oracle's regular expressions are JavaScript's and not Oniguruma's: U+0085 and
// U+FEFF (JavaScript's \s has the second and not the first), U+017F and U+212A (the oracle folds only ASCII letters),
// and code points that Unicode 14 does not assign, the version of Debian 12's PCRE2.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { makeStrings } from "./tokenizer_strings.mjs";
import { makeTokenizers } from "./tokenizer_training.mjs";

const [encodeLines, count = "20000", seed = "20261123"] = process.argv.slice(2);
if (!encodeLines) throw new Error("usage: tokenizer_oracle.mjs <encode_lines> [strings] [seed]");

function ourIds(file, lines, options) {
  const input = lines.map((line) => JSON.stringify(line)).join("\n") + "\n";
  const output = execFileSync(encodeLines, [file, ...options], { input, maxBuffer: 1 << 30 });
  return output.toString("utf8").split("\n").slice(0, -1);
}

// A line for our program is a string, or bytes that both sides read with U+FFFD for what is no UTF-8.
function textOf(line) {
  return typeof line === "string" ? line : Buffer.from(line).toString("utf8");
}

function compare(name, file, tokenizer, lines, options) {
  const ours = ourIds(file, lines, options);
  if (ours.length !== lines.length) throw new Error(`${name}: ${ours.length} answers of ${lines.length}`);
  let different = 0;
  lines.forEach((line, i) => {
    const text = textOf(line);
    const theirs = text === "" ? "" : tokenizer.encode(text, { add_special_tokens: false }).ids.join(" ");
    if (theirs === ours[i]) return;
    if (++different <= 5) {
      console.log(`${name}: ${JSON.stringify(text)}\n  expected ${theirs}\n  got      ${ours[i]}`);
    }
  });
  console.log(`${name}: ${lines.length} strings, ${different} different`);
  return different;
}

const folder = mkdtempSync(join(tmpdir(), "youtu-tokenizers-"));
let different = 0;
let total = 0;
try {
  console.log(`seed ${seed}`);
  for (const [index, { name, json }] of makeTokenizers().entries()) {
    const contents = json.added_tokens.map((token) => token.content);
    const lines = makeStrings(Number(count), Number(seed) + index, contents);
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(json));
    different += compare(name, file, new Tokenizer(json, {}), lines, []);
    // What users write is encoded as if there were no added tokens at all.
    const plain = structuredClone(json);
    plain.added_tokens = [];
    for (const content of contents) delete plain.model.vocab[content];
    const some = lines.slice(0, Math.ceil(lines.length / 5));
    different += compare(`${name}, untrusted`, file, new Tokenizer(plain, {}), some, ["--untrusted"]);
    total += lines.length + some.length;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${total} strings, ${different} different`);
process.exit(different === 0 ? 0 : 1);
