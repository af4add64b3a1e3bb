// What a model writes may be an attack. None of it runs, none of it loads anything, none of it leaves its place.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { converse, deleteSessions, openPage, useBrowser } from './browser.mjs';

useBrowser();
beforeEach(deleteSessions);

const run = 'window.attacked=1';
const corpus = [
  `<script>${run}</script>`,
  `<img src=x onerror="${run}">`,
  `<svg onload="${run}"><script>${run}</script></svg>`,
  `<iframe srcdoc="<script>parent.${run}</script>"></iframe>`,
  `<a href="javascript:${run}">go</a>`,
  `[go](javascript:${run})`,
  `[go](JaVaScRiPt:${run})`,
  `[go](  javascript:${run})`,
  `[go](javascript&colon;${run})`,
  `[go](java\nscript:${run})`,
  `[go](vbscript:msgbox)`,
  `[go](data:text/html,<script>${run}</script>)`,
  `[go](data:text/html;base64,PHNjcmlwdD53aW5kb3cuYXR0YWNrZWQ9MTwvc2NyaXB0Pg==)`,
  `[go](file:///etc/passwd)`,
  `![x](javascript:${run})`,
  '![pixel](http://127.0.0.1:9/pixel.png?stolen)',
  '![pixel](//127.0.0.1:9/pixel.png)',
  '![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+)',
  `<a href="http://a" onclick="${run}" style="position:fixed;inset:0">all</a>`,
  `[a]: javascript:${run}\n\n[a]`,
  `<javascript:${run}>`,
  `\`\`\`html\n<img src=x onerror=${run}>\n\`\`\``,
  `\`\`\`"><img/src=x/onerror=${run}>\nx\n\`\`\``,
  `$\\href{javascript:${run}}{x}$ $\\htmlData{x=y}{z}$ $\\includegraphics{http://127.0.0.1:9/x.png}$`,
  `$<img src=x onerror=${run}>$`,
  `$$\\def\\a{\\a\\a}\\a$$`,
  `$\\rule{999999em}{999999em}$`,
  `| <img src=x onerror=${run}> | b |\n|---|---|\n| <svg/onload=${run}> | d |`,
  `"><form action=http://127.0.0.1:9><input name=q><button>send</button></form>`,
  '<style>body{display:none}</style><link rel=stylesheet href=http://127.0.0.1:9/x.css>',
  '<base href="http://127.0.0.1:9/"><meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">',
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${run}&gt;">`,
  `&lt;img src=x onerror=${run}&gt;`,
  'http://example.com/"onmouseover="window.attacked=1',
  '\u202Etxt.exe\u0000\uFFFF',
];

const shape = () => {
  const answer = [...document.querySelectorAll('.answer')].at(-1);
  const elements = [...answer.querySelectorAll('.markdown *')].filter((element) => !element.closest('.katex, .code-bar'));
  return {
    attacked: window.attacked ?? null,
    tags: [...new Set(elements.map(({ localName }) => localName))],
    handlers: elements.flatMap(({ attributes }) => [...attributes].map(({ name }) => name)).filter((name) => name.startsWith('on')),
    links: [...answer.querySelectorAll('.markdown a')].map((link) => ({
      href: link.getAttribute('href'), rel: link.rel, target: link.target,
    })),
    widest: Math.max(0, ...elements.map((element) => element.getBoundingClientRect().width)),
  };
};

const harmless = new Set([
  'a', 'blockquote', 'br', 'code', 'del', 'div', 'em', 'hr', 'li', 'ol', 'p', 'pre', 's', 'span', 'strong', 'table', 'tbody',
  'td', 'th', 'thead', 'tr', 'ul',
]);

test('nothing of the corpus runs, loads or leads astray', async (t) => {
  const page = await openPage(t);  // which also sees to it that no other server was asked for anything
  for (const attack of corpus) {
    await converse(page, `x\n\n${attack}`);
    for (const link of await page.locator('.answer').last().locator('.markdown a').all()) await link.hover();
    const found = await page.evaluate(shape);
    assert.equal(found.attacked, null, attack);
    assert.deepEqual(found.handlers, [], attack);
    assert.deepEqual(found.tags.filter((tag) => !harmless.has(tag)), [], attack);
    for (const { href, rel, target } of found.links) {
      if (href !== null) assert.match(href, /^(https?|mailto):/, attack);
      if (href !== null) assert.deepEqual([rel, target], ['noopener noreferrer nofollow', '_blank'], attack);
    }
    assert.ok(found.widest < 2000, `${attack} is ${found.widest} pixels wide`);
    await page.evaluate(() => delete window.attacked);
    if (corpus.indexOf(attack) % 6 === 5) {  // the session has room for so many bytes
      await page.getByRole('button', { name: 'New chat' }).click();
      await deleteSessions();
    }
  }
});

test('a title and a question are text, too', async (t) => {
  const page = await openPage(t);
  await converse(page, '<img src=x onerror="window.attacked=1">');
  await page.locator('.session').waitFor();
  assert.equal(await page.locator('.question-text img, .session img').count(), 0);
  assert.equal(await page.evaluate(() => window.attacked ?? null), null);
});

test('an image is a link that says where it leads', async (t) => {
  const page = await openPage(t);
  const answer = await converse(page, 'x\n\n![a cat](https://example.com/cat.png)');
  assert.equal(await answer.locator('a.image-link').getAttribute('href'), 'https://example.com/cat.png');
  assert.equal(await answer.locator('img').count(), 0);
});
