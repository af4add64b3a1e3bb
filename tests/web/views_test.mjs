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

const logprob = (token, p, others = []) => ({
  token, logprob: Math.log(p), bytes: null,
  top_logprobs: [[token, p], ...others].map(([text, share]) => ({ token: text, logprob: Math.log(share), bytes: null })),
});
const chunk = (...content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, logprobs: { content } }] })}\n\n`;

test('tokens have their probabilities and what stood beside them', async (t) => {
  const body = `${chunk(logprob('你', 0.9, [['我', 0.05]]))}${chunk(logprob('好\n', 0.3, [['们', 0.6]]))}data: [DONE]\n\n`;
  const page = await openPage(t, {
    path: '/#/tokens',
    prepare: (one) => one.route('**/v1/chat/completions', (route) => route.fulfill({ contentType: 'text/event-stream', body })),
  });
  const request = page.waitForRequest('**/v1/chat/completions');
  await ask(page, 'hello');
  const sent = (await request).postDataJSON();
  assert.deepEqual([sent.stream, sent.logprobs, sent.top_logprobs, sent.max_tokens], [true, true, 20, 128]);
  await page.locator('.token', { hasText: '好↵' }).click();
  const rows = await page.locator('.candidates tr').allInnerTexts();
  assert.match(rows[0], /们\s+.*60%/s);
  assert.match(rows[1], /好↵\s+.*30%\s+chosen/s);
  await page.locator('.token', { hasText: '你' }).click();
  assert.match((await page.locator('.candidates tr').allInnerTexts())[0], /90%/);
});

test('a server without probabilities is said to have none', async (t) => {
  const page = await openPage(t, {
    path: '/#/tokens', prepare: (one) => failWith(one, '**/v1/chat/completions', 404, errorBody('unknown_path')),
  });
  await ask(page, 'hello');
  await page.getByText('This server gives no probabilities.').waitFor();
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
  await page.waitForFunction(() => document.querySelector('.scroller').scrollTop === 0);
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => document.querySelector('.scroller').scrollTop), 0);
  await page.keyboard.press('Escape');
});
