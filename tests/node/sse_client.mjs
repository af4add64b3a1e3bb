// A standard parser of server-sent events puts the stream together into exactly the plain answer (same seed).
// YOUTU_TEST_URL names the server; the prompts are those of a scripted server unless given as arguments.
import assert from 'node:assert/strict';
import { createParser } from 'eventsource-parser';

const url = process.env.YOUTU_TEST_URL;
const prompts = process.argv.length > 2 ? process.argv.slice(2) : ['ping', 'awkward', '写个笑话', '解释牛顿第一定律', 'a\n\nb'];

async function post(path, body) {
  const response = await fetch(url + path, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
  return response;
}

async function readEvents(body) {
  const events = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const bytes of (await post('/chat_stream', body)).body) parser.feed(decoder.decode(bytes, { stream: true }));
  return events;
}

for (const prompt of prompts) {
  const body = { prompt, seed: 7 };
  const plain = (await (await post('/chat', body)).json()).response;

  const events = await readEvents(body);
  assert.deepEqual(events.at(-1), { id: undefined, event: 'done', data: '' });
  const text = events.filter((e) => e.event === undefined).map((e) => e.data).join('');
  assert.equal(text, plain.replaceAll('\r\n', '\n').replaceAll('\r', '\n'));
  assert.deepEqual([...new Set(events.map((e) => e.event))].sort(), ['done', undefined]);

  const json = await readEvents({ ...body, stream_format: 'json' });
  const done = json.pop();
  assert.equal(done.event, 'done');
  assert.ok(JSON.parse(done.data).usage.completion_tokens > 0);
  assert.equal(json.map((e) => JSON.parse(e.data).text).join(''), plain);
}
console.log(`${prompts.length} prompts: streamed equals plain`);
