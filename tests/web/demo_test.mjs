// The page over the real program and its demo model: what is shown is what a real engine says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answers, ask, converse, deleteSessions, openPage, question, useBrowser } from './browser.mjs';

useBrowser();

test('a conversation with a real model, its times and its cache', async (t) => {
  await deleteSessions();
  const page = await openPage(t, { language: 'zh-CN' });
  await page.locator('.preset').first().waitFor();
  const first = await converse(page, '解释牛顿第一定律');
  assert.ok((await first.locator('.markdown').innerText()).length > 0);
  assert.match(await first.locator('.facts').innerText(), /词元\/秒/);
  await converse(page, '再说一遍');
  const third = await converse(page, '再说一遍');  // what was said before fills blocks of the cache by now
  assert.match(await third.locator('.facts').innerText(), /来自缓存/);
  await page.locator('.live .figure', { hasText: '进程' }).locator('dd', { hasText: /MiB/ }).waitFor();
  await page.reload();
  await page.locator('.answer.done').nth(2).waitFor();
  assert.deepEqual(await page.locator('.question-text').allInnerTexts(), ['解释牛顿第一定律', '再说一遍', '再说一遍']);
});

// On a fast machine it may be there before it can be stopped; chat_test.mjs stops one that never ends.
test('a long answer is stopped, and the conversation goes on', async (t) => {
  await deleteSessions();
  const page = await openPage(t);
  await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('1500');
  await page.route('**/chat_stream', (route) => route.continue({
    postData: JSON.stringify({ ...route.request().postDataJSON(), ignore_eos: true, loop_guard: 'off' }),
  }));
  await ask(page, 'tell me everything');
  await answers(page).last().locator('.markdown').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.answer.stopped, .answer.done').waitFor();
  await page.unroute('**/chat_stream');
  await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('20');
  await question(page).focus();
  await converse(page, 'hello');
});

test('tokens have the probabilities of the engine', async (t) => {
  const page = await openPage(t, { path: '/#/tokens' });
  await page.locator('.preset').first().waitFor();
  await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('12');
  await ask(page, '你好');
  await page.locator('button.token').nth(3).waitFor();
  await page.locator('button.token').nth(1).click();
  assert.ok(await page.locator('.candidates tbody tr').count() >= 10);
  assert.equal(await page.locator('.candidates tr.chosen').count(), 1);
  const stages = (await page.locator('.candidates thead th').allInnerTexts()).slice(2);
  assert.deepEqual(stages, ['Repetition', 'Temp.', 'Top-k', 'Top-p']);  // of the preset that stands at first
  const left = (await page.locator('.candidates tfoot td').allInnerTexts()).map(Number);
  assert.equal(left[2], 40);
  assert.ok(left[0] === left[1] && left[1] > 40 && left[3] >= 1 && left[3] <= 40, left.join());
});

test('three presets side by side', async (t) => {
  const page = await openPage(t, { path: '/#/compare' });
  await ask(page, '写个笑话');
  await page.locator('.compared .answer.done').nth(2).waitFor();
  for (const column of await page.locator('.compared').all()) {
    assert.match(await column.locator('.figure', { hasText: 'Speed' }).innerText(), /\d tokens\/s/);
  }
});
