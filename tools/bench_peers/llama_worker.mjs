// llama.cpp, as the npm package node-llama-cpp ships it, measured from outside: the model is loaded once, then every line
// of JSON on stdin is one measurement and answered by one line on stdout. Between two lines it computes nothing, so that
// another engine can be measured in turn with it.
//
// usage: node llama_worker.mjs MODEL.gguf THREADS [VARIANT]
// VARIANT: one of the package's CPU libraries, such as haswell (AVX2 and FMA) or icelake; without it llama.cpp chooses, but for
// what cannot run the model.
// first line: {"ready": true, "version", "variant", "system_info"}, or {"error"} and exit code 1
// request:    {"prompt": tokens, "batch": sequences, "tokens": generated tokens of each sequence}
// answer:     {"prompt": tokens per second, "generate": tokens per second of all sequences}, null where nothing was
//             asked, or {"error"}
//
// What is timed is what llama.cpp's own llama-batched-bench times, in its way: random tokens, logits for the last token of
// a prompt and for every generated token, no sampling. It goes through the package's inner interface to llama_decode: one
// batch per step is certain there, and JavaScript adds less than 0.3 ms to a step (which is what the whole step of a toy
// model of two layers was measured at), while the public interface samples through promises per token and sequence.
import {readFileSync} from "node:fs";
import {createInterface} from "node:readline";
import {loadVariant, workingVariant} from "../../tests/node/llama_library.mjs";
import {getLlama, LlamaLogLevel} from "../../tests/node/node_modules/node-llama-cpp/dist/index.js";

const BATCH_TOKENS = 512; // llama.cpp's own n_ubatch
const [modelPath, threadsText, wantedVariant = workingVariant()] = process.argv.slice(2);
const numThreads = Number(threadsText);
const diagnostics = [];

function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function loadedVariants() {
  const found = readFileSync("/proc/self/maps", "utf8").matchAll(/libggml-cpu-(\w+)\.so/g);
  return [...new Set([...found].map((match) => match[1]))].join("+");
}

function randomTokens(count, vocabSize) {
  return Uint32Array.from({length: count}, () => Math.floor(Math.random() * vocabSize));
}

class Measurement {
  constructor(context, request, vocabSize) {
    this.context = context;
    this.request = request;
    this.vocabSize = vocabSize;
  }

  // pieces: [{sequence, position, count, logits: whether the last token's are wanted}]
  async decode(pieces) {
    this.context.initBatch(pieces.reduce((sum, piece) => sum + piece.count, 0));
    for (const {sequence, position, count, logits} of pieces) {
      const wanted = Uint32Array.from(logits ? [count - 1] : []);
      this.context.addToBatch(sequence, position, randomTokens(count, this.vocabSize), wanted);
    }
    await this.context.decodeBatch();
  }

  // The prompts of all sequences, one after the other, in full batches.
  async prompt(length) {
    let pieces = [], room = BATCH_TOKENS;
    for (let sequence = 0; sequence < this.request.batch; sequence++) {
      for (let position = 0, count; position < length; position += count) {
        count = Math.min(room, length - position);
        pieces.push({sequence, position, count, logits: position + count === length});
        room -= count;
        if (room === 0) {
          await this.decode(pieces);
          pieces = [];
          room = BATCH_TOKENS;
        }
      }
    }
    if (pieces.length > 0) await this.decode(pieces);
  }

  async generate(position, steps) {
    for (let step = 0; step < steps; step++) {
      await this.decode(Array.from({length: this.request.batch}, (_, sequence) =>
        ({sequence, position: position + step, count: 1, logits: true})));
    }
  }

  clear() {
    for (let s = 0; s < this.request.batch; s++) this.context.disposeSequence(s);
  }

  async run() {
    const {prompt, batch, tokens} = this.request;
    // Buffers are touched here for the first time, not while the clock runs.
    await this.prompt(Math.min(prompt, BATCH_TOKENS));
    await this.generate(Math.min(prompt, BATCH_TOKENS), Math.min(tokens, 1));
    this.clear();
    const speeds = {prompt: null, generate: null};
    const start = performance.now();
    await this.prompt(prompt);
    const filled = performance.now();
    await this.generate(prompt, tokens);
    const end = performance.now();
    if (prompt > 0) speeds.prompt = 1000 * prompt * batch / (filled - start);
    if (tokens > 0) speeds.generate = 1000 * tokens * batch / (end - filled);
    return speeds;
  }
}

async function measure(model, request) {
  const context = await model.createContext({
    sequences: request.batch,
    contextSize: request.prompt + request.tokens + 1,
    batchSize: BATCH_TOKENS,
    threads: numThreads,
    flashAttention: "auto"
  });
  try {
    context._ctx.setThreads(numThreads);
    const vocabSize = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    return await new Measurement(context._ctx, request, vocabSize).run();
  } finally {
    await context.dispose();
  }
}

async function load() {
  if (wantedVariant) loadVariant(wantedVariant);
  const llama = await getLlama({
    gpu: false,
    build: "never",
    logLevel: LlamaLogLevel.error,
    logger: (level, message) => diagnostics.push(message.trim())
  });
  const variant = loadedVariants();
  if (wantedVariant && variant !== wantedVariant) {
    throw new Error(`this machine or package has no CPU library '${wantedVariant}' of llama.cpp`);
  }
  const model = await llama.loadModel({modelPath, gpuLayers: 0});
  const systemInfo = llama._bindings.systemInfo().trim();
  answer({ready: true, version: llama.llamaCppRelease.release, variant, system_info: systemInfo});
  return model;
}

function describe(error) {
  return [error.message, ...diagnostics].join("; ").replaceAll("\n", " ");
}

try {
  const model = await load();
  for await (const line of createInterface({input: process.stdin})) {
    diagnostics.length = 0;
    try {
      answer(await measure(model, JSON.parse(line)));
    } catch (error) {
      answer({error: describe(error)});
    }
  }
  process.exit(0);
} catch (error) {
  answer({error: describe(error)});
  process.exit(1);
}
