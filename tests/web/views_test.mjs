// Presets side by side, the token view, languages, colours, keys, and a phone.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { answers, ask, converse, deleteSessions, errorBody, failWith, openPage, phone, question, useBrowser } from './browser.mjs';

useBrowser();
beforeEach(deleteSessions);

test('three presets answer the same question, with their times', async (t) => {
  const page = await openPage(t, { path: '/#/compare' });
  const bodies = [];
  page.on('request', (request) => { if (request.url().endsWith('/chat_stream')) bodies.push(request.postDataJSON()); });
  await ask(page, '写个笑话');
  await page.locator('.compared .answer.done').nth(2).waitFor();
  assert.deepEqual(bodies.map(({ preset }) => preset), ['speed', 'balanced', 'quality']);
  assert.deepEqual([...new Set(bodies.map(({ prompt }) => prompt))], ['写个笑话']);
  for (const column of await page.locator('.compared').all()) {
    assert.match(await column.locator('.figure', { hasText: 'Total' }).innerText(), /\d m?s$/);
    assert.match(await column.locator('.figure', { hasText: 'Length' }).innerText(), /3 tokens/);
  }
  assert.equal(await page.locator('.session').count(), 0);  // comparing is no conversation
});

test('two presets at the same time, and stopped together', async (t) => {
  const page = await openPage(t, { path: '/#/compare' });
  await page.locator('.chip', { hasText: 'Quality' }).click();
  await page.locator('.chip', { hasText: 'One after another' }).click();
  await page.route('**/chat_stream', (route) => route.continue({
    postData: JSON.stringify({ ...route.request().postDataJSON(), max_new_tokens: 10000 }),
  }));
  await ask(page, 'forever');
  await page.locator('.compared .answer.writing').nth(1).waitFor();
  assert.equal(await page.locator('.compared').count(), 2);
  await page.keyboard.press('Escape');
  await page.locator('.compared .answer.stopped').nth(1).waitFor();
});

const candidate = (id, token, share, probabilities, removed_by = null) => ({
  token, id, logprob: Math.log(share), probability: removed_by ? 0 : probabilities.at(-1), probabilities, removed_by,
});
const stages = [{ name: 'temperature', left: 128256 }, { name: 'top_k', left: 2 }, { name: 'top_p', left: 1 }];
const explained = [
  { token: '你', id: 1, stages: [], candidates: [candidate(1, '你', 0.9, []), candidate(2, '我', 0.05, [])] },
  {
    token: '好\n', id: 4, stages,
    candidates: [
      candidate(3, '们', 0.6, [0.65, 0.7], 'top_p'), candidate(4, '好\n', 0.3, [0.25, 0.3, 1]), candidate(5, '是', 0.01, [0.02], 'top_k'),
    ],
  },
];
const tokenStream = (...events) => events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('');

test('tokens have their probabilities, what stood beside them, and where each stage of the sampler left it', async (t) => {
  const body = tokenStream(
    ['explained_tokens', { explained_tokens: [explained[0]] }], ['explained_tokens', { explained_tokens: [explained[1]] }], ['done', {}]);
  const page = await openPage(t, {
    path: '/#/tokens',
    prepare: (one) => one.route('**/chat_stream', (route) => route.fulfill({ contentType: 'text/event-stream', body })),
  });
  const request = page.waitForRequest('**/chat_stream');
  await ask(page, 'hello');
  const sent = (await request).postDataJSON();
  assert.deepEqual([sent.prompt, sent.preset ?? 'balanced', sent.explain_tokens], ['hello', 'balanced', 20]);
  await page.locator('.token', { hasText: '好↵' }).click();
  const cells = (row) => row.locator('th, td').allInnerTexts();
  const rows = page.locator('.candidates tr');
  assert.deepEqual(await cells(rows.nth(0)), ['Candidate', 'Model', 'Temp.', 'Top-k', 'Top-p']);
  assert.deepEqual(await cells(rows.nth(1)), ['们', '', '60%', '65%', '70%', 'out']);
  assert.deepEqual(await cells(rows.nth(2)), ['好↵', '', '30%', '25%', '30%', '100%']);
  assert.deepEqual(await cells(rows.nth(3)), ['是', '', '1.0%', '2.0%', 'out', '']);
  assert.deepEqual(await cells(rows.nth(4)), ['Tokens left', '128256', '2', '1']);
  assert.deepEqual(await Promise.all([1, 2, 3].map((row) => rows.nth(row).getAttribute('class'))), ['removed', 'chosen', 'removed']);
  await page.locator('.token', { hasText: '你' }).click();
  assert.deepEqual(await cells(rows.nth(1)), ['你', '', '90%']);
  assert.equal(await page.locator('.candidates tfoot').count(), 0);
  await page.getByRole('button', { name: '中文' }).click();
  await page.locator('.token', { hasText: '好↵' }).click();
  assert.deepEqual(await cells(rows.nth(0)), ['候选词元', '模型', '温度', 'top_k', 'top_p']);
  assert.deepEqual((await cells(rows.nth(1))).at(-1), '排除');
});

test('the explanations are those of the server', async (t) => {
  const page = await openPage(t, { path: '/#/tokens' });
  await ask(page, 'ping');
  await page.locator('button.token').first().click();
  assert.equal(await page.locator('.candidates tr.chosen').count(), 1);
  assert.deepEqual(await page.locator('.candidates tfoot td').allInnerTexts(), ['256', '19']);
});

test('an answer whose tokens stop coming is said to be broken off', async (t) => {
  const body = tokenStream(['explained_tokens', { explained_tokens: [explained[0]] }]);
  const page = await openPage(t, {
    path: '/#/tokens',
    prepare: (one) => one.route('**/chat_stream', (route) => route.fulfill({ contentType: 'text/event-stream', body })),
  });
  await ask(page, 'hello');
  await page.getByText('The connection ended before the answer did.').waitFor();
});

test('language and colours are chosen and kept', async (t) => {
  const page = await openPage(t, { language: 'en-US', colorScheme: 'light' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByText('想聊点什么？').waitFor();
  await page.getByRole('button', { name: '深色' }).click();
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  await page.getByText('想聊点什么？').waitFor();
  assert.equal(await ground(), dark);
  await page.getByRole('button', { name: '设置' }).click();
  await page.getByText('跟随系统').click();
  assert.equal(await ground(), light);
});

test('the keyboard does everything', async (t) => {
  const page = await openPage(t);
  await question(page).waitFor();
  await page.waitForFunction(() => document.activeElement?.matches('[data-question]'));
  await question(page).blur();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard and help' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  assert.equal(await question(page).inputValue(), '');
  await page.keyboard.type('ping');
  await page.keyboard.press('Enter');
  await page.locator('.answer.done').waitFor();
  await page.keyboard.press('ArrowUp');
  await page.waitForFunction(() => document.activeElement?.matches('.question-editor textarea'));
  await page.keyboard.press('Escape');
  await page.locator('.question-editor').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.locator('.welcome').waitFor();
  await page.waitForFunction(() => document.activeElement?.matches('[data-question]'));
});

test('what is typed right after a key that leads to the question arrives there, however late the next frame is', async (t) => {
  const withoutFrames = (page) => page.addInitScript(() => { window.requestAnimationFrame = () => 0; });
  const page = await openPage(t, { path: '/#/compare', prepare: withoutFrames });
  await question(page).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.matches('[data-question]')), true);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('ping');
  await page.keyboard.press('Enter');
  await page.locator('.exchange .answer.done').waitFor();
  await question(page).blur();
  await page.keyboard.press('/');
  await page.keyboard.type('pong');
  assert.equal(await question(page).inputValue(), 'pong');
});

test('on a phone both side columns are drawers, and nothing is wider than the screen', async (t) => {
  const page = await openPage(t, { ...phone, language: 'zh-CN' });
  await page.locator('.welcome').waitFor();
  assert.equal(await page.locator('.side.conversations').isVisible(), false);
  await converse(page, `x\n\n\`\`\`\n${'long '.repeat(80)}\n\`\`\`\n\n$$${'x+'.repeat(120)}1$$\n\n| a | b |\n|-|-|\n| ${'宽'.repeat(60)} | 2 |`);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await page.getByRole('button', { name: '对话列表' }).click();
  await page.locator('.side.conversations .session').waitFor();
  await page.getByRole('button', { name: '新对话' }).click();
  await page.locator('.welcome').waitFor();
  await page.getByRole('button', { name: '参数' }).click();
  await page.getByRole('slider', { name: /温度/ }).waitFor();
  await page.locator('.veil').click({ position: { x: 10, y: 400 } });
  await page.locator('.side.panel').waitFor({ state: 'hidden' });
});

test('whoever scrolls up is left there', async (t) => {
  const page = await openPage(t);
  await converse(page, Array.from({ length: 60 }, (_, i) => `line ${i}`).join('\n\n'));
  await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('15000');
  await ask(page, 'forever');
  await answers(page).last().locator('.markdown').waitFor();
  await page.locator('.scroller').hover();
  await page.mouse.wheel(0, -50000);
  // A line that is being drawn while the wheel turns may move the place by its height, and never back to the end.
  const isFarUp = () => document.querySelector('.scroller').scrollTop < 300;
  await page.waitForFunction(isFarUp);
  const height = await page.evaluate(() => document.querySelector('.scroller').scrollHeight);
  await page.waitForFunction((before) => document.querySelector('.scroller').scrollHeight > before + 300, height);
  assert.equal(await page.evaluate(isFarUp), true);
  await page.keyboard.press('Escape');
});
