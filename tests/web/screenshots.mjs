// Pictures of the page for a person to look at, not a test: with_server.py <scripted_server> -- node screenshots.mjs FOLDER
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { answers, ask, converse, deleteSessions, openPage, phone, useBrowser } from './browser.mjs';

useBrowser();
const folder = process.argv[2] ?? 'build/page_pictures';
mkdirSync(folder, { recursive: true });
after(deleteSessions);

const rich = {
  en: `x

## Newton’s first law

A body at rest stays at rest, and a body in motion keeps its **speed and direction**, unless a net force acts on it:

$$\\sum_i \\vec F_i = 0 \\;\\Rightarrow\\; \\frac{d\\vec v}{dt} = 0$$

1. It defines *inertial frames*.
2. It is the case $F = 0$ of $F = ma$.

\`\`\`python
def step(position, velocity, seconds):
    """Without a force nothing changes but the place."""
    return position + velocity * seconds
\`\`\`

| quantity | symbol | unit |
|---|:-:|--:|
| force | $F$ | N |
| mass | $m$ | kg |

> See also [Principia](https://example.org).`,
  zh: `x

## 牛顿第一定律

一切物体在不受外力时，总保持**静止**或**匀速直线运动**状态：

$$\\sum_i \\vec F_i = 0 \\;\\Rightarrow\\; \\frac{d\\vec v}{dt} = 0$$

1. 它定义了*惯性参考系*。
2. 它是 $F = ma$ 在 $F = 0$ 时的情形。

\`\`\`python
def step(position, velocity, seconds):
    """没有外力，只有位置改变。"""
    return position + velocity * seconds
\`\`\`

| 物理量 | 符号 | 单位 |
|---|:-:|--:|
| 力 | $F$ | N |
| 质量 | $m$ | kg |

> 参见[《原理》](https://example.org)。`,
};

async function walk(page, name, words) {
  const shoot = (what) => page.screenshot({ path: join(folder, `${name}-${what}.png`) });
  await page.locator('.welcome').waitFor();
  await page.waitForTimeout(1200);
  await shoot('1-welcome');
  await converse(page, words === 'zh' ? '写个笑话' : 'ping');
  const answer = await converse(page, rich[words]);
  await answer.locator('.katex').first().waitFor();
  await answer.locator('.hljs-keyword').first().waitFor();
  await page.waitForTimeout(400);
  await shoot('2-answer');
  await ask(page, 'fail');
  await page.locator('.error-card').waitFor();
  await page.locator('.answer.done').last().locator('summary').first().click();
  await answers(page).last().scrollIntoViewIfNeeded();
  await shoot('3-failure');
  await page.evaluate(() => { location.hash = '#/compare'; });
  await ask(page, '写个笑话');
  await page.locator('.compared .answer.done').nth(2).waitFor();
  await shoot('4-compare');
  await page.evaluate(() => { location.hash = '#/tokens'; });
  await ask(page, '解释牛顿第一定律');
  await page.locator('.token').nth(8).waitFor();
  await page.locator('button.token').nth(4).click();
  await shoot('5-tokens');
  if (await page.locator('.opens-conversations').isVisible()) await page.locator('.opens-conversations').click();
  await page.waitForTimeout(400);
  await shoot('6-sessions');
  if (await page.locator('.opens-panel').isVisible()) {
    await page.locator('.side.conversations .icon-button').first().click();
    await page.locator('.opens-panel').click();
    await page.waitForTimeout(400);
    await shoot('7-panel');
  } else {
    await page.locator('.sidebar-foot button').first().click();
    await page.waitForTimeout(400);
    await shoot('7-settings');
  }
}

// A stand-in for the engine's explanations; only the token view asks for them.
const mockTokens = (page) => page.route('**/chat_stream', (route) => {
  if (!route.request().postDataJSON().explain_tokens) return route.continue();
  const pieces = ['一切', '物体', '在', '不受', '外力', '时', '，\n', '保持', '静止', '或', '匀速', '直线', '运动', '。'];
  const explained_tokens = pieces.map((token, i) => {
    const p = [0.98, 0.7, 0.9, 0.5, 0.31, 0.18, 0.99][i % 7];
    const others = ['物质', '受力', ' a', '们'].map((other, k) => {
      const share = (1 - p) / (k + 2);
      const all = [share * 0.95, share * 0.8, share * 0.85];
      const cut = k < 2 ? 3 : 4 - k + 1;
      return {
        token: other, id: k + 1, logprob: Math.log(share), probability: 0, probabilities: all.slice(0, cut),
        removed_by: ['temperature', 'temperature', 'top_k', 'top_p'][cut],
      };
    });
    const drawn = { token, id: 0, logprob: Math.log(p), probability: 1, probabilities: [p, p * 1.005, p * 1.008, 1], removed_by: null };
    const stages = [['repetition_penalty', 128256], ['temperature', 128256], ['top_k', 40], ['top_p', 1]];
    return { token, id: 0, stages: stages.map(([name, left]) => ({ name, left })), candidates: [drawn, ...others] };
  });
  const events = `event: explained_tokens\ndata: ${JSON.stringify({ explained_tokens })}\n\nevent: done\ndata: {}\n\n`;
  return route.fulfill({ contentType: 'text/event-stream', body: events });
});

for (const [size, options] of Object.entries({ desktop: {}, tablet: { viewport: { width: 1024, height: 768 } }, phone })) {
  for (const [colorScheme, words] of [['light', 'en'], ['dark', 'zh'], ['light', 'zh']]) {
    test(`${size} ${colorScheme} ${words}`, async (t) => {
      await deleteSessions();
      const language = words === 'zh' ? 'zh-CN' : 'en-US';
      const page = await openPage(t, { ...options, colorScheme, language, prepare: mockTokens });
      await walk(page, `${size}-${colorScheme}-${words}`, words);
    });
  }
}
