// Conversations that the server keeps: listed, opened, deleted, there after a reload; and a server that keeps none.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { answers, converse, deleteSessions, errorBody, failWith, openPage, useBrowser } from './browser.mjs';

useBrowser();
beforeEach(deleteSessions);

test('a conversation is there after a reload, and goes on', async (t) => {
  const page = await openPage(t);
  await converse(page, 'Remember **this**');
  await page.locator('.session', { hasText: 'Remember' }).waitFor();
  await page.reload();
  await page.locator('.answer.done', { hasText: 'You said: Remember this' }).waitFor();
  await converse(page, 'and on');
  await page.locator('.session', { hasText: '2 turns' }).waitFor();
});

test('conversations are opened and deleted', async (t) => {
  const page = await openPage(t);
  await converse(page, 'first');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.locator('.welcome').waitFor();
  await converse(page, 'second');
  await page.getByRole('link', { name: /first/ }).click();
  await page.locator('.answer.done', { hasText: 'You said: first' }).waitFor();
  await page.goBack();
  await page.locator('.answer.done', { hasText: 'You said: second' }).waitFor();
  await page.locator('.session', { hasText: 'second' }).hover();
  await page.getByRole('button', { name: 'Delete: second' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.locator('.welcome').waitFor();
  await page.locator('.session', { hasText: 'second' }).waitFor({ state: 'detached' });
  assert.equal(await page.locator('.session').count(), 1);
});

test('a question that is quicker than the list of conversations is kept', async (t) => {
  let isAsked;
  const asked = new Promise((resolve) => { isAsked = resolve; });
  const late = (page) => page.route('**/sessions?*', async (route) => {
    await asked;
    await route.continue();
  });
  const page = await openPage(t, { prepare: late });
  const answered = converse(page, 'first');
  await answers(page).first().waitFor();
  isAsked();
  await answered;
  await page.locator('.session', { hasText: '1 turn' }).waitFor();
});

test('a conversation that is gone says so', async (t) => {
  const page = await openPage(t, { path: '/#/c/gone' });
  await page.locator('.error-card', { hasText: 'not on the server any more' }).waitFor();
});

test('a turn that is asked for twice is told to be busy', async (t) => {
  const one = await openPage(t);
  await converse(one, 'ping');
  await one.getByRole('spinbutton', { name: 'Longest answer' }).fill('15000');
  const address = new URL(one.url()).hash;
  await one.locator('textarea[data-question]').fill('forever');
  await one.keyboard.press('Enter');
  await answers(one).last().locator('.markdown').waitFor();
  const two = await openPage(t, { path: `/${address}` });
  await two.locator('.answer.done').waitFor();
  await two.locator('textarea[data-question]').fill('me too');
  await two.keyboard.press('Enter');
  await two.locator('.error-card', { hasText: 'answering somewhere else' }).waitFor();
  await one.getByRole('button', { name: 'Stop' }).click();
});

test('history that was dropped is told', async (t) => {
  const page = await openPage(t);
  for (let turn = 1; turn <= 7; ++turn) await converse(page, `turn ${turn}`);
  await page.locator('.notice', { hasText: /The 3 oldest turns were left out/ }).waitFor();
});

test('without sessions the page brings the history along', async (t) => {
  const none = (page) => failWith(page, '**/sessions**', 404, errorBody('unknown_path'));
  const page = await openPage(t, { prepare: none });
  await page.getByText('This server keeps no conversations').waitFor();
  await converse(page, 'first');
  const request = page.waitForRequest('**/chat_stream');
  await converse(page, 'second');
  assert.deepEqual((await request).postDataJSON().messages, [
    { role: 'user', content: 'first' },
    { role: 'assistant', content: 'You said: first' },
    { role: 'user', content: 'second' },
  ]);
});
