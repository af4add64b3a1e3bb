// axe-core over every view, size, language and colour: no finding that is serious or worse.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { ask, converse, deleteSessions, fromNodeFolder, openPage, phone, useBrowser } from './browser.mjs';

useBrowser();
beforeEach(deleteSessions);

const axe = readFileSync(fromNodeFolder.resolve('axe-core/axe.min.js'), 'utf8');

async function check(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${where}: ${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`);
  assert.deepEqual(found, []);
}

const rich = 'x\n\n# Title\n\n```python\n# note\ndef f(x):\n    return "a" + str(1)\n```\n\n$E=mc^2$ [link](https://example.com)\n\n| a | b |\n|-|-|\n| 1 | 2 |\n\n- one\n- two';

for (const colorScheme of ['light', 'dark']) {
  for (const [size, options] of [['desktop', {}], ['phone', phone]]) {
    test(`${size}, ${colorScheme}`, async (t) => {
      const page = await openPage(t, { colorScheme, ...options, language: size === 'phone' ? 'zh-CN' : 'en-US' });
      await page.locator('.welcome').waitFor();
      await check(page, 'welcome');
      const answer = await converse(page, rich);
      await answer.locator('.hljs-keyword').first().waitFor();
      await answer.locator('.katex').first().waitFor();
      await ask(page, 'fail');
      await page.locator('.error-card').waitFor();
      await check(page, 'conversation');
      await page.goto(`${page.url().split('#')[0]}#/compare`);
      await ask(page, 'ping');
      await page.locator('.compared .answer.done').nth(2).waitFor();
      await check(page, 'compare');
      if (size === 'phone') await page.locator('.opens-conversations').click();
      await page.locator('.sidebar-foot button').first().click();
      await page.getByRole('dialog').waitFor();
      await check(page, 'settings');
    });
  }
}
