// The official client of Anthropic's API against a server with the demo model. YOUTU_TEST_URL names the server.
import assert from 'node:assert/strict';
import Anthropic, { BadRequestError, NotFoundError } from '@anthropic-ai/sdk';

const model = 'Youtu-Demo';
const client = new Anthropic({ baseURL: process.env.YOUTU_TEST_URL, apiKey: 'none', maxRetries: 0 });
const fields = { model, max_tokens: 48, messages: [{ role: 'user', content: '解释牛顿第一定律' }], temperature: 0 };

const message = await client.messages.create(fields);
assert.match(message.id, /^msg_/);
assert.equal(message.role, 'assistant');
assert.equal(message.content[0].type, 'text');
assert.ok(message.content[0].text.length > 0);
assert.ok(['end_turn', 'max_tokens'].includes(message.stop_reason));
assert.ok(message.usage.output_tokens > 0);

const stream = client.messages.stream(fields);
let text = '';
stream.on('text', (delta) => { text += delta; });
const final = await stream.finalMessage();
assert.equal(text, message.content[0].text);
assert.deepEqual(final.content.map((block) => block.text), [text]);
assert.equal(final.stop_reason, message.stop_reason);

const count = await client.messages.countTokens({ model, messages: fields.messages });
assert.equal(count.input_tokens, message.usage.input_tokens + message.usage.cache_read_input_tokens);

const tool = { name: 'get_weather', input_schema: { type: 'object', properties: { city: { type: 'string', maxLength: 10 } }, required: ['city'] } };
const called = await client.messages.create({ ...fields, max_tokens: 120, tools: [tool], tool_choice: { type: 'tool', name: 'get_weather' } });
assert.equal(called.stop_reason, 'tool_use');
const use = called.content.find((block) => block.type === 'tool_use');
assert.equal(typeof use.input.city, 'string');
const answered = await client.messages.create({
  ...fields,
  tools: [tool],
  tool_choice: { type: 'none' },
  messages: [...fields.messages, { role: 'assistant', content: called.content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'sunny' }] }],
});
assert.equal(answered.type, 'message');

await assert.rejects(client.messages.create({ ...fields, temperature: 1.5 }), BadRequestError);
await assert.rejects(client.messages.create({ ...fields, model: 'claude' }), NotFoundError);
console.log('ok');
