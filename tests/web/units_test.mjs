// The page's logic without a browser: event streams, growing Markdown, formulas, metrics, values of parameters.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { after, test } from 'node:test';

const web = fileURLToPath(new URL('../../web/', import.meta.url));
const { buildSync } = createRequire(`${web}package.json`)('esbuild');
const folder = mkdtempSync(join(tmpdir(), 'youtu-page-'));
after(() => rmSync(folder, { recursive: true }));

async function load(source) {
  const outfile = join(folder, `${source.replace(/\W/g, '_')}.mjs`);
  buildSync({ entryPoints: [join(web, 'src', source)], outfile, bundle: true, format: 'esm', platform: 'node', logLevel: 'error' });
  return import(pathToFileURL(outfile));
}

const { EventParser } = await load('api/event_stream.ts');
const { GrowingBlocks, splitBlocks } = await load('text/blocks.ts');
const { parser } = await load('text/markdown.ts');
const { EndFollower } = await load('ui/end_follower.ts');
const { parseMetrics } = await load('api/metrics_text.ts');

test('events come out the same however the stream is cut', () => {
  const stream = ': ping\n\ndata: one\n\nevent: reasoning\r\ndata: two\r\ndata:  three\r\n\r\ndata\n\nid: 7\n\nevent: done\ndata: {}\n\n';
  const expected = [
    { name: 'message', data: 'one' }, { name: 'reasoning', data: 'two\n three' }, { name: 'message', data: '' },
    { name: 'done', data: '{}' },
  ];
  for (let size = 1; size <= stream.length; ++size) {
    const events = new EventParser();
    const found = [];
    for (let at = 0; at < stream.length; at += size) found.push(...events.push(stream.slice(at, at + size)));
    assert.deepEqual(found, expected, `pieces of ${size}`);
  }
});

const documents = [
  '# A\n\ntext\nmore\n\n- one\n- two\n\n  inside\n\n1. x\n\n2. y\n\n```js\nlet a;\n\nlet b;\n```\n\nend',
  'a\n===\n\nb\n---\n\n> q\n> r\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$$\nx\n\ny\n$$\n\n***\n\nlast',
  '\n\n  - a\n    - b\n\n      c\n- d\n\n\n\n\tcode\n\n\tmore code\n\n* other list\n\n+ third',
  '你好，**世界**。\n\n1. 第一\n   续行\n2. 第二\n\n公式 $a$ 与 \\(b\\)\n\n~~~\n未结束的代码\n\n还在',
];

const html = (blocks) => blocks.map((block) => parser.render(block)).join('');

test('blocks of a text are the whole text, and mean the same', () => {
  for (const text of documents) {
    assert.equal(splitBlocks(text).join('\n'), text);
    assert.equal(html(splitBlocks(text)), parser.render(text));
  }
});

test('a growing text is at each moment what it would be if it had come at once', () => {
  for (const text of documents) {
    for (const size of [1, 2, 3, 7]) {
      const growing = new GrowingBlocks();
      for (let end = size; end < text.length + size; end += size) {
        const part = text.slice(0, end);
        assert.equal(html(growing.update(part)), html(splitBlocks(part)), JSON.stringify(part));
      }
    }
  }
});

test('a text that is another one begins anew', () => {
  const growing = new GrowingBlocks();
  growing.update('a\n\nb\n\nc\n\nd');
  assert.deepEqual(growing.update('x\n\ny'), ['x\n', 'y']);
});

test('what is a formula and what is money', () => {
  const formulas = (text) => [...parser.render(text).matchAll(/formula-(\w+)">([^<]*)</g)].map(([, kind, source]) => `${kind}:${source}`);
  assert.deepEqual(formulas('$x$ and \\(y\\)'), ['inline:x', 'inline:y']);
  assert.deepEqual(formulas('$$x$$'), ['display:x']);
  assert.deepEqual(formulas('\\[\na\n\nb\n\\]'), ['display:a\n\nb']);
  assert.deepEqual(formulas('in a line $$x$$ too'), ['display:x']);
  assert.deepEqual(formulas('costs $5 and $6, or $ 7 $'), []);
  assert.deepEqual(formulas('`$x$` and \\$x\\$'), []);
  assert.deepEqual(formulas('$a \\$ b$'), ['inline:a \\$ b']);
  assert.deepEqual(formulas('$unfinished'), []);
  assert.deepEqual(formulas('- $x$\n\n  $$\n  y\n  $$'), ['inline:x', 'display:y']);
});

test('metrics are added up over their labels, without buckets', () => {
  const metrics = parseMetrics([
    '# HELP a b', 'a{x="1"} 2', 'a{x="2"} 3', 'b 0.5', 'c_bucket{le="+Inf"} 9', 'd{m="x y"} 1e3', 'e NaN', '',
  ].join('\n'));
  assert.deepEqual([...metrics], [['a', 5], ['b', 0.5], ['d', 1000]]);
});

// A scroller of which the test says when the browser tells the page what happened.
class ScrollerStub extends EventTarget {
  clientHeight = 700;
  scrollHeight = 700;
  #top = 0;

  constructor() {
    super();
    const stub = this;
    globalThis.ResizeObserver = class {
      constructor(callback) { stub.tellSize = callback; }
      observe() {}
      disconnect() { stub.tellSize = () => {}; }
    };
    this.follower = new EndFollower(this, null);
  }

  get scrollTop() { return this.#top; }
  set scrollTop(value) { this.#top = Math.max(0, Math.min(value, this.scrollHeight - this.clientHeight)); }
  get fromEnd() { return this.scrollHeight - this.clientHeight - this.#top; }
  grow(by) { this.scrollHeight += by; }
  tellScroll() { this.dispatchEvent(new Event('scroll')); }
  tellWheel(deltaY) { this.dispatchEvent(Object.assign(new Event('wheel'), { deltaY })); }
  write(by) { this.grow(by); this.tellSize(); this.tellScroll(); }
}

test('the end is followed, also when more is written at once than its neighbourhood', () => {
  const scroller = new ScrollerStub();
  for (const by of [10, 300, 24, 5000]) {
    scroller.write(by);
    assert.equal(scroller.fromEnd, 0, `after ${by}`);
  }
  scroller.grow(24);
  scroller.tellSize();
  scroller.grow(500);
  scroller.tellScroll();  // of the move before: the end is far now, and nobody has left it
  scroller.tellSize();
  assert.equal(scroller.fromEnd, 0);
});

test('a wheel that goes up ends following, and the late event of an earlier move does not undo it', () => {
  const scroller = new ScrollerStub();
  scroller.write(4544);
  scroller.scrollTop -= 17;  // the text became shorter for a moment
  scroller.tellScroll();
  scroller.scrollTop += 17;
  scroller.tellWheel(-500);
  scroller.tellScroll();
  scroller.grow(24);
  scroller.tellSize();
  assert.equal(scroller.fromEnd, 24);
  scroller.scrollTop -= 500;
  scroller.tellScroll();
  scroller.write(24);
  assert.equal(scroller.fromEnd, 548);
});

test('whoever comes back to the end follows again, by wheel or without one, and so does who asks', () => {
  for (const comeBack of [
    (scroller) => { scroller.tellWheel(900); scroller.scrollTop += 900; scroller.tellScroll(); },
    (scroller) => { scroller.scrollTop = scroller.scrollHeight; scroller.tellScroll(); },
    (scroller) => scroller.follower.follow(),
  ]) {
    const scroller = new ScrollerStub();
    scroller.write(4000);
    scroller.tellWheel(-900);
    scroller.scrollTop -= 900;
    scroller.tellScroll();
    scroller.write(24);
    assert.equal(scroller.fromEnd, 924);
    comeBack(scroller);
    scroller.write(24);
    assert.ok(scroller.fromEnd <= 24, String(comeBack));
  }
});

test('a wheel where nothing can move says nothing, and a follower that was left does nothing', () => {
  const scroller = new ScrollerStub();
  scroller.tellWheel(-500);
  scroller.write(400);
  assert.equal(scroller.fromEnd, 0);
  scroller.follower.dispose();
  scroller.write(400);
  assert.equal(scroller.fromEnd, 400);
});
