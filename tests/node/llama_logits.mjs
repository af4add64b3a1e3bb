// llama.cpp's logits of GGUF models: the peer that youtu-serve and the NumPy reference are compared
// with.
//
// usage: node llama_logits.mjs JOBS.json
// JOBS.json: [{"model": "x.gguf", "tokens": [5, 17], "logits": "out.f32", "greedy": 8}]. Each job
// writes the raw float32 logits [tokens, vocab] after every prefix to the file `logits`, and the
// program prints one line of JSON per job: {"model", "vocab_size", "greedy": [the ids that follow
// the tokens]} or {"model", "error"}.
import {readFileSync, writeFileSync} from "node:fs";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";
import {loadVariant, workingVariant} from "./llama_library.mjs";

const diagnostics = [];
const variant = workingVariant();
if (variant) loadVariant(variant);
const llama = await getLlama({
  gpu: false,
  build: "never",
  logLevel: LlamaLogLevel.error,
  logger: (level, message) => diagnostics.push(message.trim())
});

async function teacherForcedLogits(sequence, tokens) {
  const wanted = {generateNext: {logits: true, options: {temperature: 0}}};
  const results = await sequence.controlledEvaluate(tokens.map((token) => [token, wanted]));
  const vocabSize = results[0].next.logits.size;
  const logits = new Float32Array(tokens.length * vocabSize);
  results.forEach((result, position) => {
    for (const [token, logit] of result.next.logits) logits[position * vocabSize + token] = logit;
  });
  return {logits, vocabSize};
}

async function greedyTokens(sequence, tokens, count) {
  const found = [];
  if (count === 0) return found;
  await sequence.clearHistory();
  const options = {temperature: 0, yieldEogToken: true};
  for await (const token of sequence.evaluate(tokens, options)) {
    found.push(token);
    if (found.length === count) break;
  }
  return found;
}

async function run(job) {
  const model = await llama.loadModel({modelPath: job.model, gpuLayers: 0, useMmap: false});
  // The latent cache in F32, so that only the weights' own type limits how close the numbers come.
  const context = await model.createContext({
    contextSize: 512, batchSize: 512, threads: 2, flashAttention: false,
    experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32"
  });
  const sequence = context.getSequence();
  const {logits, vocabSize} = await teacherForcedLogits(sequence, job.tokens);
  writeFileSync(job.logits, logits);
  const greedy = await greedyTokens(sequence, job.tokens, job.greedy ?? 0);
  await context.dispose();
  await model.dispose();
  return {model: job.model, vocab_size: vocabSize, greedy};
}

for (const job of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  diagnostics.length = 0;
  try {
    console.log(JSON.stringify(await run(job)));
  } catch (error) {
    const reason = [error.message, ...diagnostics].join("; ");
    console.log(JSON.stringify({model: job.model, error: reason}));
  }
}
await llama.dispose();
