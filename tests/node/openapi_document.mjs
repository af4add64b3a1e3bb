// The description of the API at /openapi.json is valid OpenAPI 3.1, and it is true: the server takes every example in it,
// what comes back, whole or in a stream, is as the schemas say, and a field of the wrong type is refused under its name.
// YOUTU_TEST_URL names a server with sessions whose model is called demo.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import { createParser } from 'eventsource-parser';

const server = process.env.YOUTU_TEST_URL;
const description = await (await fetch(`${server}/openapi.json`)).json();
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(description, 'description');

const SESSION = 'tea';  // that of the example
// What stands for the {names} of paths.
const places = { session_id: SESSION, model: 'demo' };
// One of these is of the wrong type for any field that has a type.
const VALUES = [12.5, true, {}, 'x'];

const read = (pointer) => pointer.slice(2).split('/').reduce((part, key) => part[key], description);
const resolve = (part) => (part.$ref ? resolve(read(part.$ref)) : part);
const pointerTo = (...keys) =>
  `#${keys.map((key) => `/${encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;

// References inside a schema are to the description that it was taken from.
const compile = (schema) => ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', '"$ref":"description#')));

function check(schema, value, what) {
  const valid = compile(schema);
  assert.ok(valid(value), `${what}: ${ajv.errorsText(valid.errors)}\n${JSON.stringify(value)}`);
}

// Of a schema and of all that it is made of.
const partsOf = (schema) => [schema, ...(schema.allOf ?? []).flatMap((part) => partsOf(resolve(part)))];

async function send(path, method, body, type = 'application/json') {
  const target = server + path.replace(/\{(\w+)\}/, (_, name) => places[name]);
  const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': type } };
  const response = await fetch(target, { method: method.toUpperCase(), ...content });
  const [media] = response.headers.get('Content-Type').split(';');
  return { status: response.status, media, text: await response.text() };
}

function dataOf(stream) {
  const events = [];
  createParser({ onEvent: (event) => events.push(event.data) }).feed(stream);
  return events.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data));
}

// The answer is one of those that the operation has, in form and content.
function checkAnswer(path, method, answer) {
  const what = `${method} ${path} answers ${answer.status}`;
  const response = resolve(description.paths[path][method].responses[answer.status] ?? assert.fail(`${what} ${answer.text}`));
  const named = Object.entries(response.content).find(([type]) => type.split(';')[0] === answer.media);
  const content = named?.[1] ?? response.content['*/*'];
  assert.ok(content, `${what} as ${answer.media}`);
  if (answer.media === 'application/json') check(content.schema, JSON.parse(answer.text), what);
  if (answer.media !== 'text/event-stream') return;
  const events = dataOf(answer.text);
  assert.ok(events.length > 1, what);
  for (const data of events) check(content['x-event-data'], data, what);
}

async function succeed(path, method, body) {
  const answer = await send(path, method, body);
  assert.ok(answer.status < 300, `${method} ${path} ${JSON.stringify(body)}: ${answer.status} ${answer.text}`);
  checkAnswer(path, method, answer);
  return answer;
}

const operations = Object.entries(description.paths)
  .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
const posts = operations.filter(({ operation }) => operation.requestBody)
  .map((each) => ({ ...each, content: each.operation.requestBody.content['application/json'] }));
const examplesOf = (content) => Object.values(content.examples).map((example) => example.value);

test('the description is valid', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(description));
  assert.ok(valid, JSON.stringify(errors));
  const text = JSON.stringify(description);
  for (const [, pointer] of text.matchAll(/"\$ref":"([^"]+)"/g)) assert.ok(read(pointer), pointer);
  for (const kind of ['schemas', 'responses']) {
    for (const name of Object.keys(description.components[kind])) {
      assert.ok(text.includes(`"#/components/${kind}/${name}`), `${name} is used nowhere`);
    }
  }
  const ids = operations.map(({ operation }) => operation.operationId);
  assert.equal(new Set(ids).size, ids.length);
});

test('examples are valid, and answered as described', async () => {
  for (const { path, method, content } of posts) {
    for (const example of examplesOf(content)) {
      check(content.schema, example, `an example of ${path}`);
      const { text } = await succeed(path, method, example);
      if (path === '/v1/responses' && !example.stream) places.response_id = JSON.parse(text).id;
    }
  }
});

test('the turns of a session are described', async () => {
  for (const path of ['/chat', '/chat_stream']) {
    const turn = { prompt: '你好', session_id: SESSION, stream_format: 'json', max_new_tokens: 8, max_history_turns: 1 };
    await succeed(path, 'post', turn);
  }
});

test('what is read and removed is described', async () => {
  const { text } = await succeed('/', 'get');
  places.file = text.match(/\/assets\/([^"]+)/)?.[1];
  const stored = await send('/v1/responses', 'post', { model: 'demo', input: '你好', max_output_tokens: 4 });
  places.response_id = JSON.parse(stored.text).id;
  for (const { path, method, operation } of operations) {
    const isPage = path === '/' || (path === '/assets/{file}' && !places.file);
    if (!operation.requestBody && !isPage) await succeed(path, method);
  }
  for (const path of ['/sessions/{session_id}', '/v1/responses/{response_id}', '/v1/models/{model}']) {
    places.model = 'nothing';
    const answer = await send(path, 'get');
    assert.equal(answer.status, 404, path);
    checkAnswer(path, 'get', answer);
  }
});

test('other bodies are refused as described', async () => {
  for (const { path, method, content } of posts) {
    const wrong = [[[], 'application/json', 400], [examplesOf(content)[0], 'text/plain', 415]];
    for (const [body, type, status] of wrong) {
      const answer = await send(path, method, body, type);
      assert.equal(answer.status, status, `${path} ${answer.text}`);
      checkAnswer(path, method, answer);
    }
  }
});

// The least that a request must have; or where an example has the field, the example.
function requestWith(field, content) {
  const examples = examplesOf(content);
  const example = examples.find((each) => field in each);
  if (example) return example;
  const parts = partsOf(resolve(content.schema)).flatMap((part) => [part, ...(part.anyOf?.slice(0, 1) ?? [])]);
  return Object.fromEntries(parts.flatMap((part) => part.required ?? []).map((name) => [name, examples[0][name]]));
}

test('every field that is described is read', async () => {
  for (const { path, method, content } of posts) {
    const properties = Object.assign({}, ...partsOf(resolve(content.schema)).map((part) => part.properties).reverse());
    for (const [field, schema] of Object.entries(properties)) {
      const valid = compile(schema);
      const value = VALUES.find((each) => !valid(each));
      const answer = await send(path, method, { ...requestWith(field, content), [field]: value });
      const what = `${path} with ${field}: ${JSON.stringify(value)} answers ${answer.status} ${answer.text}`;
      assert.equal(answer.status, 400, what);
      assert.ok(answer.text.includes(field), what);
      checkAnswer(path, method, answer);
    }
  }
});
