// A real Chromium for the tests of the page, and what every one of them also checks: no script error, nothing that the
// content security policy had to stop, no request to any other server.
import { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';

// The packages lie beside the other oracles (tests/node).
export const fromNodeFolder = createRequire(new URL('../node/package.json', import.meta.url));
const { chromium } = fromNodeFolder('playwright-core');

export const url = process.env.YOUTU_TEST_URL;
if (!url) throw new Error('YOUTU_TEST_URL is missing (run this with tests/e2e/with_server.py)');

export const desktop = { viewport: { width: 1440, height: 900 } };
export const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

let browser;

const findChromium = () => ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export function useBrowser() {
  before(async () => {
    const executablePath = findChromium();
    assert.ok(executablePath, 'there is no chromium (tools/install_packages.sh test)');
    const noSandbox = process.getuid() === 0 ? ['--no-sandbox'] : [];  // it refuses to have one as root
    browser = await chromium.launch({ executablePath, args: [...noSandbox, '--disable-dev-shm-usage'] });
  });
  after(() => browser?.close());
}

// Sessions of one test are not those of the next, and the test server keeps few.
export async function deleteSessions() {
  const { sessions } = await (await fetch(`${url}/sessions?limit=100`)).json();
  for (const { session_id: id } of sessions) {
    for (let tries = 0; tries < 100; ++tries) {
      const { status } = await fetch(`${url}/sessions/${id}`, { method: 'DELETE' });
      if (status !== 409) break;  // an answer that was left is noticed within milliseconds
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function watch(page, problems) {
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const isNetwork = message.text().startsWith('Failed to load resource');  // tests of failures have these
    if (message.type() === 'error' && !isNetwork) problems.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (origin !== url && protocol !== 'data:' && protocol !== 'blob:') problems.push(`asked ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

// A page of its own storage. `prepare` may set routes before anything is loaded.
export async function openPage(t, { path = '/', prepare, language = 'en-US', ...options } = {}) {
  const context = await browser.newContext({ ...desktop, locale: language, ...options });
  const problems = [];
  await context.exposeFunction('reportViolation', (what) => problems.push(`policy: ${what}`));
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  const page = await context.newPage();
  watch(page, problems);
  page.setDefaultTimeout(60_000);  // for a machine that others are busy on
  if (prepare) await prepare(page);
  await page.goto(url + path);
  t.after(async () => {
    await context.close();
    assert.deepEqual(problems, []);
  });
  return page;
}

export const question = (page) => page.locator('textarea[data-question]');
export const answers = (page) => page.locator('.exchange .answer');

export async function ask(page, text) {
  await question(page).fill(text);
  await question(page).press('Enter');
}

// Asks and waits for the whole answer.
export async function converse(page, text) {
  const count = await answers(page).count();
  await ask(page, text);
  const answer = answers(page).nth(count);
  await answer.and(page.locator('.done')).waitFor();
  return answer;
}

export function failWith(page, path, status, body, headers = {}) {
  return page.route(path, (route) => route.fulfill({ status, json: body, headers }));
}

export const errorBody = (code, message = code) => ({ error: { message, type: 'x', param: null, code } });
