// Compares our tokenizer and our training format with the npm packages of tests/node:
//   node verify_with_node.mjs MODEL_FOLDER CASES_JSON
// Started by verify.py, which writes the cases: texts with ids, and conversations with the prompt
// that the model was trained on.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../../tests/node/package.json", import.meta.url));
const { Tokenizer } = require("@huggingface/tokenizers");
const { Template } = require("@huggingface/jinja");

const [folder, casesPath] = process.argv.slice(2);
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));
const config = readJson(join(folder, "tokenizer_config.json"));
const tokenizer = new Tokenizer(readJson(join(folder, "tokenizer.json")), config);
const template = new Template(readFileSync(join(folder, "chat_template.jinja"), "utf8"));
const cases = readJson(casesPath);

function expectSame(what, ours, theirs) {
  const [left, right] = [JSON.stringify(ours), JSON.stringify(theirs)];
  if (left !== right) {
    console.error(`${what}\n  ours:   ${left}\n  theirs: ${right}`);
    process.exit(1);
  }
}

const encode = (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;

for (const { text, ids } of cases.texts) expectSame(text, ids, encode(text));
console.log(`@huggingface/tokenizers: same ids for ${cases.texts.length} texts`);

for (const { messages, options, prompt, ids } of cases.prompts) {
  const rendered = template.render({
    messages, add_generation_prompt: true, bos_token: config.bos_token, ...options,
  });
  expectSame("chat template", prompt, rendered);
  expectSame("prompt", ids, encode(rendered));
}
console.log(`@huggingface/jinja: same prompt and ids for ${cases.prompts.length} conversations`);
