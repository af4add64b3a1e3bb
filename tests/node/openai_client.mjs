// The official client of OpenAI's API against a server with the demo model: what its users do on the first day.
// YOUTU_TEST_URL names the server; YOUTU_TEST_STEP one step, else all that need a plain server run in turn.
import assert from 'node:assert/strict';
import OpenAI, {
  APIError, BadRequestError, InternalServerError, NotFoundError, RateLimitError,
} from 'openai';
import { LengthFinishReasonError } from 'openai/error';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const url = process.env.YOUTU_TEST_URL;
const model = process.env.YOUTU_TEST_MODEL ?? 'Youtu-Demo';
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
const PROMPT = [{ role: 'user', content: '解释牛顿第一定律' }];
const JOKE = [{ role: 'user', content: '写个笑话' }];

const create = (fields) => client.chat.completions.create({ model, messages: PROMPT, max_tokens: 48, ...fields });

async function streamed(fields) {
  const chunks = [];
  for await (const chunk of await create({ stream: true, ...fields })) chunks.push(chunk);
  return chunks;
}

const text = (chunks, index = 0) => chunks.flatMap((chunk) => chunk.choices)
  .filter((choice) => choice.index === index).map((choice) => choice.delta.content ?? '').join('');

async function rejects(promise, kind, fields) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof kind, `${error.constructor.name}: ${error.message}`);
    for (const [name, value] of Object.entries(fields)) assert.equal(error[name], value, `${name} of ${error.message}`);
    assert.ok(error.requestID);
    return true;
  });
}

async function metric(name) {
  const body = await (await fetch(`${url}/metrics`)).text();
  const line = body.split('\n').find((each) => each.startsWith(name));
  return Number(line.split(' ').at(-1));
}

async function eventually(condition, what) {
  for (let i = 0; i < 400; ++i) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(what);
}

const steps = {
  async models() {
    const list = await client.models.list();
    assert.ok(list.data.some((each) => each.id === model));
    assert.equal((await client.models.retrieve(model)).id, model);
    await rejects(client.models.retrieve('gpt-4o'), NotFoundError, { code: 'model_not_found', param: 'model' });
  },

  async plain() {
    const { data, request_id: requestId } = await create({ seed: 7 }).withResponse();
    assert.ok(requestId);
    assert.match(data.id, /^chatcmpl-/);
    assert.equal(data.object, 'chat.completion');
    assert.equal(data.model, model);
    assert.ok(Math.abs(data.created - Date.now() / 1000) < 600);
    assert.equal(data.choices[0].message.role, 'assistant');
    assert.ok(data.choices[0].message.content.length > 0);
    assert.equal(data.choices[0].message.refusal, null);
    assert.ok(['stop', 'length'].includes(data.choices[0].finish_reason));
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.equal(typeof data.usage.prompt_tokens_details.cached_tokens, 'number');
  },

  async stream() {
    const fields = { temperature: 0, seed: 7 };
    const plain = (await create(fields)).choices[0].message.content;
    const chunks = await streamed({ ...fields, stream_options: { include_usage: true } });
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    assert.equal(new Set(chunks.map((chunk) => chunk.created)).size, 1);
    assert.deepEqual(chunks[0].choices[0].delta, { role: 'assistant', content: '' });
    assert.deepEqual(chunks.at(-2).choices[0].delta, {});
    assert.ok(chunks.at(-2).choices[0].finish_reason);
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.ok(chunks.at(-1).usage.completion_tokens > 0);
    assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null));
    assert.equal(text(chunks), plain);
  },

  async streamHelper() {
    let seen = '';
    const stream = client.chat.completions.stream({ model, messages: JOKE, max_tokens: 48, seed: 3 });
    stream.on('content', (delta) => { seen += delta; });
    const final = await stream.finalChatCompletion();
    assert.equal(final.choices[0].message.content, seen);
    assert.ok(seen.length > 0);
  },

  async wholeCharacters() {
    const messages = [{ role: 'user', content: '用表情符号😀👩‍👩‍👧回答：你好' }];
    for (let maxTokens = 1; maxTokens <= 8; ++maxTokens) {
      const fields = { messages, max_tokens: maxTokens, temperature: 0 };
      const chunks = await streamed(fields);
      const deltas = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '');
      const before = deltas.slice(0, deltas.findLastIndex((delta) => delta !== ''));
      assert.ok(before.every((delta) => !delta.includes('�')));
      assert.equal(deltas.join(''), (await create(fields)).choices[0].message.content);
    }
  },

  async stop() {
    const whole = (await create({ temperature: 0, max_tokens: 64 })).choices[0].message.content;
    for (const stop of [whole.slice(4, 5), whole.slice(3, 8)]) {
      const { choices: [choice] } = await create({ temperature: 0, max_tokens: 64, stop: [stop] });
      assert.equal(choice.message.content, whole.slice(0, whole.indexOf(stop)));
      assert.equal(choice.finish_reason, 'stop');
      assert.equal(choice.stop_reason, stop);
      const kept = await create({ temperature: 0, max_tokens: 64, stop, include_stop_str_in_output: true });
      assert.equal(kept.choices[0].message.content, whole.slice(0, whole.indexOf(stop)) + stop);
    }
  },

  async logprobs() {
    const { choices: [choice] } = await create({ temperature: 0, logprobs: true, top_logprobs: 5 });
    const bytes = choice.logprobs.content.flatMap((token) => token.bytes);
    assert.equal(Buffer.from(bytes).toString('utf-8'), choice.message.content);
    for (const token of choice.logprobs.content) {
      assert.equal(token.top_logprobs.length, 5);
      assert.equal(token.top_logprobs[0].logprob, token.logprob);  // greedy takes the likeliest
      assert.ok(token.top_logprobs.reduce((sum, each) => sum + Math.exp(each.logprob), 0) <= 1.0001);
    }
    const chunks = await streamed({ temperature: 0, logprobs: true });
    const inStream = chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? []);
    assert.deepEqual(inStream.map((token) => token.logprob), choice.logprobs.content.map((token) => token.logprob));
  },

  async choices() {
    const fields = { n: 3, seed: 11, temperature: 2, top_k: -1, top_p: 1, max_tokens: 24 };
    const first = await create(fields);
    assert.deepEqual(first.choices.map((choice) => choice.index), [0, 1, 2]);
    assert.ok(new Set(first.choices.map((choice) => choice.message.content)).size > 1);
    const again = await create(fields);
    assert.deepEqual(again.choices.map((choice) => choice.message.content),
      first.choices.map((choice) => choice.message.content));
    const chunks = await streamed(fields);
    for (let i = 0; i < 3; ++i) assert.equal(text(chunks, i), first.choices[i].message.content);
  },

  async logitBias() {
    const { tokens: [, ...rest] } = await (await fetch(`${url}/tokenize`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ prompt: (await create({ temperature: 0 })).choices[0].message.content }),
    })).json();
    const banned = rest[0];
    const { choices: [choice] } = await create({ temperature: 0, logit_bias: { [banned]: -100 }, return_token_ids: true });
    assert.ok(!choice.token_ids.includes(banned));
    const forced = await create({ temperature: 0, logit_bias: { [banned]: 100 }, max_tokens: 3, return_token_ids: true });
    assert.deepEqual(forced.choices[0].token_ids, [banned, banned, banned]);
  },

  async jsonSchema() {
    const Answer = z.object({ title: z.string().max(20), count: z.number().int(), tags: z.array(z.enum(['a', '甲'])).max(2) });
    const fields = { model, messages: PROMPT, response_format: zodResponseFormat(Answer, 'answer'), seed: 1 };
    for (const temperature of [0, 1]) {
      const { choices: [choice] } = await client.chat.completions.parse({ ...fields, temperature, max_tokens: 200 });
      Answer.parse(choice.message.parsed);
      assert.equal(choice.finish_reason, 'stop');
    }
    await assert.rejects(client.chat.completions.parse({ ...fields, max_tokens: 3 }), LengthFinishReasonError);
    await rejects(create({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'stsring' } } } }),
      BadRequestError, { param: 'response_format' });
    const choice = await create({ guided_choice: ['positive', 'negative'] });
    assert.ok(['positive', 'negative'].includes(choice.choices[0].message.content));
    const number = await create({ guided_regex: '[0-9]{3}-[0-9]{4}' });
    assert.match(number.choices[0].message.content, /^[0-9]{3}-[0-9]{4}$/);
  },

  async namedTool() {
    const parameters = { type: 'object', properties: { city: { type: 'string', maxLength: 10 } }, required: ['city'], additionalProperties: false };
    const tools = [{ type: 'function', function: { name: 'get_weather', description: 'The weather of a city', parameters } }];
    for (const toolChoice of ['required', { type: 'function', function: { name: 'get_weather' } }]) {
      const fields = { tools, tool_choice: toolChoice, parallel_tool_calls: false, max_tokens: 120, seed: 2 };
      const { choices: [choice] } = await create(fields);
      assert.equal(choice.finish_reason, 'tool_calls', JSON.stringify(choice));
      assert.equal(choice.message.content, null);
      const [call] = choice.message.tool_calls;
      assert.equal(call.function.name, 'get_weather');
      assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
      const chunks = await streamed(fields);
      const parts = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
      assert.equal(parts.filter((part) => part.id).length, 1);
      assert.equal(parts.map((part) => part.function.arguments).join(''), call.function.arguments);
    }
  },

  async badRequests() {
    await rejects(create({ temperature: 3 }), BadRequestError, { param: 'temperature', status: 400 });
    await rejects(create({ messages: [] }), BadRequestError, { param: 'messages' });
    await rejects(create({ model: 'gpt-4o' }), NotFoundError, { code: 'model_not_found' });
    await rejects(create({ tool_choice: 'required' }), BadRequestError, { param: 'tool_choice' });
    const image = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://127.0.0.1:1/x.png' } }] };
    await rejects(create({ messages: [image] }), BadRequestError, { code: 'unsupported_content' });
    await rejects(create({ max_tokens: 1_000_000 }), BadRequestError, { code: 'context_length_exceeded' });
    const long = [{ role: 'user', content: 'x '.repeat(20_000) }];
    await rejects(create({ messages: long }), BadRequestError, { code: 'context_length_exceeded', param: 'messages' });
    const broken = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"model": ',
    });
    assert.equal(broken.status, 400);
    assert.deepEqual(Object.keys((await broken.json()).error).sort(), ['code', 'message', 'param', 'type']);
    assert.ok(broken.headers.get('x-request-id'));
    const unknown = await create({ temprature: 1 });
    assert.match(unknown.warnings[0].message, /did you mean temperature/);
  },

  async completions() {
    const whole = await client.completions.create({ model, prompt: 'Hello', echo: true, temperature: 0 });
    assert.equal(whole.object, 'text_completion');
    assert.ok(whole.choices[0].text.startsWith('Hello'));
    assert.ok(whole.usage.completion_tokens <= 16);
    let joined = '';
    for await (const chunk of await client.completions.create({ model, prompt: 'Hello', temperature: 0, stream: true })) {
      joined += chunk.choices[0]?.text ?? '';
    }
    assert.equal('Hello' + joined, whole.choices[0].text);
  },

  async aborts() {
    const endless = { max_tokens: 1500, ignore_eos: true, loop_guard: 'off' };
    for (let i = 0; i < 20; ++i) {
      for await (const chunk of await create({ stream: true, ...endless })) {
        if (chunk.choices[0].delta.content) break;
      }
      const controller = new AbortController();
      const plain = client.chat.completions.create({ model, messages: PROMPT, ...endless }, { signal: controller.signal });
      setTimeout(() => controller.abort(), 20);
      await assert.rejects(plain);
    }
    await eventually(async () => await metric('vllm:num_requests_running') === 0, 'requests run on without a client');
  },

  // A scripted server: its model asks for the weather and then repeats what it was told.
  async toolLoop() {
    const runner = client.chat.completions.runTools({
      model,
      messages: [{ role: 'user', content: 'weather' }],
      tools: [{
        type: 'function',
        function: {
          name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } },
          parse: JSON.parse, function: ({ city }) => `${city}: sunny`,
        },
      }],
    });
    assert.equal(await runner.finalContent(), 'You said: 北京: sunny');
  },

  // The server takes one request and queues none.
  async flood() {
    const first = await create({ stream: true, max_tokens: 1500, ignore_eos: true, loop_guard: 'off' });
    const iterator = first[Symbol.asyncIterator]();
    await iterator.next();
    await assert.rejects(create({}), (error) => {
      assert.ok(error instanceof RateLimitError, error.message);
      assert.equal(error.code, 'queue_full');
      const retryAfterMs = Number(error.headers.get('retry-after-ms'));
      assert.ok(retryAfterMs > 0 && retryAfterMs <= 60_000);
      return true;
    });
    // The client waits as it is told, and gets its answer once there is room.
    const patient = client.chat.completions.create({ model, messages: PROMPT, max_tokens: 4 }, { maxRetries: 10 });
    await iterator.return();
    assert.ok((await patient).choices.length === 1);
  },

  // The server is asked to end while this stream runs.
  async killed() {
    const stream = await create({ stream: true, max_tokens: 1500, ignore_eos: true, loop_guard: 'off' });
    await assert.rejects(async () => {
      for await (const chunk of stream) if (chunk.choices[0].delta.content) console.log('streaming');
    }, (error) => {
      assert.ok(error instanceof APIError, error.message);
      assert.equal(error.code, 'shutting_down');
      return true;
    });
  },

  // The server has no model yet.
  async loading() {
    await assert.rejects(client.chat.completions.create({ model, messages: PROMPT }), (error) => {
      assert.ok(error instanceof InternalServerError, error.message);
      assert.equal(error.status, 503);
      assert.equal(error.code, 'model_loading');
      assert.ok(Number(error.headers.get('retry-after')) > 0);
      return true;
    });
  },
};

const SPECIAL = ['toolLoop', 'flood', 'killed', 'loading'];
const wanted = process.env.YOUTU_TEST_STEP ? [process.env.YOUTU_TEST_STEP]
  : Object.keys(steps).filter((name) => !SPECIAL.includes(name));
for (const name of wanted) {
  await steps[name]();
  console.log(`ok ${name}`);
}
