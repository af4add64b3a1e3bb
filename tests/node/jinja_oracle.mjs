// Renders chat templates with @huggingface/jinja: JSON lines in, JSON lines out, as tests/text/render_template.cpp.
import { Template } from "@huggingface/jinja";
import { createInterface } from "node:readline";

const tokens = {
  bos_token: "<|begin_of_text|>",
  eos_token: "<|end_of_text|>",
  pad_token: "<|end_of_text|>",
};

for await (const line of createInterface({ input: process.stdin })) {
  const { template, name: _, ...values } = JSON.parse(line);
  let result;
  try {
    result = { text: new Template(template).render({ ...tokens, ...values }) };
  } catch (error) {
    result = { error: String(error.message) };
  }
  console.log(JSON.stringify(result));
}
