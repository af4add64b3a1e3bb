// The conversation: streaming, stopping, asking again, copying, formulas and code.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { answers, ask, converse, deleteSessions, openPage, question, useBrowser } from './browser.mjs';

useBrowser();
beforeEach(deleteSessions);

test('an answer comes, in Chinese, with what it cost', async (t) => {
  const page = await openPage(t, { language: 'zh-CN' });
  const answer = await converse(page, '解释牛顿第一定律');
  assert.match(await answer.locator('.markdown').innerText(), /一切物体在不受外力时，\s+保持静止或匀速直线运动。/);
  assert.match(await answer.locator('.facts').innerText(), /3 个词元/);
  assert.equal(await page.locator('.question-text').innerText(), '解释牛顿第一定律');
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
});

test('an answer is shown while it is written, can be stopped, and another one asked', async (t) => {
  const page = await openPage(t);
  await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('15000');
  await ask(page, 'forever');
  const text = answers(page).last().locator('.markdown');
  await text.waitFor();
  const before = (await text.innerText()).length;
  await page.waitForFunction((length) => document.querySelector('.markdown').innerText.length > length + 200, before);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.answer.stopped').waitFor();
  assert.match(await page.locator('.answer.stopped .notice').innerText(), /not part of the conversation/);
  assert.match(await (await converse(page, 'ping')).innerText(), /pong/);
});

test('Enter of an input method takes a candidate and does not send', async (t) => {
  const page = await openPage(t, { language: 'zh-CN' });
  await question(page).focus();
  const keyboard = await page.context().newCDPSession(page);
  await keyboard.send('Input.imeSetComposition', { text: 'xie', selectionStart: 3, selectionEnd: 3 });
  await keyboard.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229,
  });
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.exchange').count(), 0);
  await keyboard.send('Input.insertText', { text: '写个笑话' });
  assert.match(await question(page).inputValue(), /写个笑话/);
  await question(page).fill('写个笑话');
  await question(page).press('Enter');
  assert.match(await answers(page).last().locator('.markdown').innerText(), /程序员/);
});

test('Shift+Enter begins a new line, and blanks alone are not sent', async (t) => {
  const page = await openPage(t);
  await question(page).fill('  ');
  await question(page).press('Enter');
  assert.equal(await page.locator('.exchange').count(), 0);
  await question(page).fill('one');
  await question(page).press('Shift+Enter');
  await question(page).pressSequentially('two');
  assert.equal(await question(page).inputValue(), 'one\ntwo');
});

test('code has colours and a copy button, formulas are drawn, tables have a frame', async (t) => {
  const page = await openPage(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  const answer = await converse(page, [
    'x', '', '```python', 'def f(x):', '    return x + 1', '```', '', 'Energy $E = mc^2$ and \\(a_1\\), for $5 and $6.', '',
    '$$\\int_0^1 \\vec x^2 dx = \\colorbox{red}{$\\sqrt{\\frac{1}{3}}$}$$', '', '| a | b |', '|---|--:|', '| 1 | 2 |', '', 'broken: $\\frac{1$',
  ].join('\n'));
  await answer.locator('.hljs-keyword').first().waitFor();
  await answer.getByRole('button', { name: 'Copy code' }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'def f(x):\n    return x + 1\n');
  await answer.locator('.formula .katex').nth(2).waitFor();
  assert.equal(await answer.locator('.formula .katex').count(), 3);
  const arrow = await answer.locator('.katex-display svg').first().boundingBox();
  assert.ok(arrow.width > 4 && arrow.height > 4, 'the arrow over the vector has its size');
  assert.match(await answer.innerText(), /for \$5 and \$6\./);
  assert.equal(await answer.locator('.katex-display').count(), 1);
  assert.equal(await answer.locator('.table-frame td.align-right').innerText(), '2');
  assert.equal(await answer.locator('.formula-broken').innerText(), '\\frac{1');
});

test('the beginning of a long answer stays as it is while the end is written', async (t) => {
  const page = await openPage(t);
  await page.evaluate(() => {
    window.drawn = { first: 0, firstWhenSettled: 0 };
    let isSettled = false;
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) {
        if (!target.matches?.('.block:first-child')) continue;
        window.drawn.first += addedNodes.length;
        if (isSettled) window.drawn.firstWhenSettled += addedNodes.length;
      }
      isSettled = document.querySelectorAll('.answer .block').length > 2;
    }).observe(document.body, { childList: true, subtree: true });
  });
  const paragraphs = Array.from({ length: 40 }, (_, i) => `Paragraph **${i}** of this text.`).join('\n\n');
  await converse(page, paragraphs);
  assert.equal(await page.locator('.answer .block').count(), 40);
  const { first, firstWhenSettled } = await page.evaluate(() => window.drawn);
  assert.ok(first > 0);
  assert.equal(firstWhenSettled, 0);
});

test('thoughts are folded away', async (t) => {
  const page = await openPage(t);
  const answer = await converse(page, 'think');
  assert.equal(await answer.locator('.markdown').innerText(), 'Four.');
  assert.equal(await answer.locator('.reasoning-text').isVisible(), false);
  await answer.getByText('What it thought').click();
  assert.match(await answer.locator('.reasoning-text').innerText(), /two and two/);
});

test('a question can be changed and asked again; what came after gives way', async (t) => {
  const page = await openPage(t);
  await converse(page, 'first');
  await converse(page, 'second');
  await page.locator('.question').first().hover();
  await page.getByRole('button', { name: 'Edit' }).first().click();
  await page.locator('.question-editor textarea').fill('changed');
  await page.getByRole('button', { name: 'Ask again' }).click();
  await page.locator('.answer.done', { hasText: 'You said: changed' }).waitFor();
  assert.deepEqual(await page.locator('.question-text').allInnerTexts(), ['changed']);
  await page.reload();
  await page.locator('.answer.done').waitFor();
  assert.deepEqual(await page.locator('.question-text').allInnerTexts(), ['changed']);
});

test('an answer can be asked for again', async (t) => {
  const page = await openPage(t);
  await converse(page, 'ping');
  await page.getByRole('button', { name: 'Answer again' }).click();
  await page.locator('.answer.done').waitFor();
  assert.equal(await page.locator('.exchange').count(), 1);
});

test('sliders and the seed go with the question; the details say where each value is from', async (t) => {
  const page = await openPage(t);
  await page.getByRole('radio', { name: /Quality/ }).check({ force: true });
  await page.getByRole('slider', { name: 'Temperature' }).fill('1.5');
  await page.getByLabel('Seed').fill('42');
  const request = page.waitForRequest('**/chat_stream');
  const answer = await converse(page, 'ping');
  const body = (await request).postDataJSON();
  assert.equal(body.preset, 'quality');
  assert.equal(body.temperature, 1.5);
  assert.equal(body.seed, 42);
  await answer.getByText('Details').click();
  assert.match(await answer.locator('.details').innerText(), /temperature\s+1\.5\s+request/);
  assert.match(await answer.locator('.details').innerText(), /top_p\s+0\.95\s+preset/);
  await page.getByRole('button', { name: 'Reset to the preset' }).click();
  assert.equal(await page.getByRole('slider', { name: 'Temperature' }).inputValue(), '0.7');
});

test('a value that is not allowed is not taken', async (t) => {
  const page = await openPage(t);
  const field = page.getByRole('spinbutton', { name: 'Top-p' });
  for (const bad of ['0', '1.5', '-1', '']) {
    await field.fill(bad);
    await field.blur();
    assert.equal(await field.inputValue(), '0.9', `after "${bad}"`);
  }
  await page.getByLabel('Seed').fill('12x');
  assert.equal(await page.getByLabel('Seed').getAttribute('aria-invalid'), 'true');
});

test('what the server warns of is shown under the answer', async (t) => {
  const page = await openPage(t);
  const field = page.getByRole('spinbutton', { name: 'Repetition penalty' });
  await field.fill('2');
  await field.blur();
  const answer = await converse(page, 'ping');
  assert.match(await answer.locator('.warning').innerText(), /repetition_penalty 2 breaks the sense/);
});

test('the end is announced in one sentence', async (t) => {
  const page = await openPage(t);
  await converse(page, 'ping');
  const status = page.locator('[role=status].off-screen');
  assert.equal(await status.innerText(), 'The answer is complete, 2 tokens.');
});

test('the live numbers are the server’s', async (t) => {
  const page = await openPage(t);
  await page.locator('.live dd', { hasText: 'MiB' }).first().waitFor();
  await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('15000');
  await ask(page, 'forever');
  await page.locator('.live .figure', { hasText: 'Running' }).locator('dd', { hasText: '1' }).waitFor();
  await page.locator('.live .figure', { hasText: 'Writing' }).locator('dd', { hasText: /[1-9]/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.live .figure', { hasText: 'Running' }).locator('dd', { hasText: '0' }).waitFor();
});
