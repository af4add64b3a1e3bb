// What the page says and does when the server cannot, will not, or is not there.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { ask, converse, deleteSessions, errorBody, failWith, openPage, useBrowser } from './browser.mjs';

useBrowser();
beforeEach(deleteSessions);

const card = (page, text) => page.locator('.error-card', { hasText: text });

test('a full server is asked again when it says, and then answers', async (t) => {
  const page = await openPage(t);
  let refusals = 0;
  await page.route('**/chat_stream', (route) => {
    if (++refusals > 2) return route.continue();
    return route.fulfill({ status: 503, json: errorBody('queue_full', 'the queue is full'), headers: { 'Retry-After': '1' } });
  });
  await ask(page, 'ping');
  await card(page, 'The server is full.').waitFor();
  await page.getByText(/Trying again in \d s/).waitFor();
  await page.locator('.answer.done', { hasText: 'pong' }).waitFor();
  assert.equal(refusals, 3);
  assert.equal(await page.locator('.exchange').count(), 1);
});

test('what does not fit the context says what to do', async (t) => {
  const page = await openPage(t);
  await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('1000000');
  await page.getByRole('spinbutton', { name: 'Longest answer' }).blur();
  await ask(page, 'ping');
  await card(page, 'do not fit the context').waitFor();
  await card(page, 'exceed 30000').waitFor();  // the server's own words
});

test('a failure in the middle leaves what was written', async (t) => {
  const page = await openPage(t);
  await ask(page, 'fail');
  await card(page, 'the scripted failure').waitFor();
  assert.match(await page.locator('.answer.failed .markdown').innerText(), /so far/);
});

test('a connection that ends too early is told', async (t) => {
  const page = await openPage(t);
  await page.route('**/chat_stream', (route) => route.fulfill({ contentType: 'text/event-stream', body: 'data: {"text":"half"}\n\n' }));
  await ask(page, 'ping');
  await card(page, 'ended before the answer did').waitFor();
  assert.match(await page.locator('.answer.failed .markdown').innerText(), /half/);
});

test('a server that is away is told of, and missed no longer when it is back', async (t) => {
  const page = await openPage(t);
  await page.locator('.live dd', { hasText: 'MiB' }).first().waitFor();
  await page.route('**/*', (route) => route.abort());
  await page.locator('.banner.away').waitFor();
  await ask(page, 'ping');
  await card(page, 'could not be reached').waitFor();
  await page.unroute('**/*');
  await page.locator('.banner').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.answer.done', { hasText: 'pong' }).waitFor();
});

test('a model that is loading is told of, and the page fills when it is there', async (t) => {
  let isLoading = true;
  const page = await openPage(t, {
    prepare: (one) => one.route('**/health', (route) => (isLoading
      ? route.fulfill({ status: 503, json: { status: 'loading', model: '' } }) : route.continue())),
  });
  await page.locator('.banner.loading').waitFor();
  isLoading = false;
  await page.locator('.banner').waitFor({ state: 'detached' });
  await page.locator('.preset').first().waitFor();
  await converse(page, 'ping');
});

test('a server that asks for a key gets one, and is not shown a wrong one again and again', async (t) => {
  let refusals = 0;
  const page = await openPage(t, {
    prepare: (one) => one.route('**/*', (route) => {
      const { pathname } = new URL(route.request().url());
      const isOpen = pathname === '/' || pathname === '/health' || pathname.startsWith('/assets/');
      const isRight = route.request().headers()['authorization'] === 'Bearer secret';
      return isOpen || isRight ? route.continue() : (++refusals, route.fulfill({ status: 401, json: errorBody('invalid_api_key') }));
    }),
  });
  await page.getByRole('dialog', { name: 'This server asks for a key.' }).waitFor();
  await page.getByLabel('API key').fill('wrong');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog', { name: 'This server asks for a key.' }).waitFor();
  await page.waitForTimeout(3000);
  assert.ok(refusals <= 4, `${refusals} refusals`);
  await page.getByLabel('API key').fill('secret');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.preset').first().waitFor();
  await converse(page, 'ping');
  assert.equal(await page.getByRole('dialog').count(), 0);
});
