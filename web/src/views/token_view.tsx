// An answer token by token: the surer the model was, the fainter the ground; and what else stood at each place.
import type { Token } from '../api/tokens.ts';
import {
  chosenToken, isTokenRun, startTokenRun, stopTokenRun, tokenError, tokenQuestion, tokens,
} from '../state/token_run.ts';
import { Bar } from '../ui/bar.tsx';
import { Composer } from '../ui/composer.tsx';
import { ErrorCard } from '../ui/error_card.tsx';
import { percent } from '../ui/numbers.ts';
import { words } from '../words/words.ts';

const numGrades = 5;

// 0: certain … 4: a guess.
const gradeOf = (probability: number) => Math.min(numGrades - 1, Math.floor((1 - probability) * numGrades));

// Blanks are seen by their marks.
const visible = (text: string) => text.replace(/\n/g, '↵').replace(/^ | $/g, '·') || '∅';

function TokenButton({ token, index }: { token: Token; index: number }) {
  const isChosen = chosenToken.value === index;
  return (
    <>
      <button
        type="button" class={`token grade-${gradeOf(token.probability)}`} aria-pressed={isChosen}
        title={percent(token.probability)} onClick={() => (chosenToken.value = isChosen ? null : index)}
      >
        {visible(token.text)}
      </button>
      {token.text.includes('\n') && <br />}
    </>
  );
}

function Candidates({ token }: { token: Token }) {
  const text = words.value;
  const isListed = token.candidates.some((one) => one.text === token.text);
  const rows = isListed ? token.candidates : [token, ...token.candidates];
  return (
    <table class="candidates">
      <caption>{text.tokenTable}</caption>
      <tbody>
        {rows.map((one, index) => (
          <tr key={index} class={one.text === token.text ? 'chosen' : ''}>
            <th scope="row"><code>{visible(one.text)}</code></th>
            <td><Bar share={one.probability} label={visible(one.text)} /></td>
            <td class="number">{percent(one.probability)}</td>
            <td class="muted">{one.text === token.text ? text.chosen : ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Legend() {
  return (
    <p class="legend muted" aria-hidden="true">
      {words.value.sure}
      {Array.from({ length: numGrades }, (_, grade) => <i key={grade} class={`token grade-${grade}`} />)}
      {words.value.unsure}
    </p>
  );
}

function Content() {
  const text = words.value;
  const chosen = chosenToken.value === null ? null : tokens.value[chosenToken.value];
  if (tokenError.value) {
    if (tokenError.value.code === 'unknown_path') return <p class="notice">{text.tokensMissing}</p>;
    return <ErrorCard error={tokenError.value} attempt={0} onRetry={() => void startTokenRun(tokenQuestion.peek())} />;
  }
  if (!tokens.value.length) return null;
  return (
    <>
      <Legend />
      <div class="token-text" aria-busy={isTokenRun.value}>
        {tokens.value.map((token, index) => <TokenButton key={index} token={token} index={index} />)}
      </div>
      {chosen ? <Candidates token={chosen} /> : <p class="muted">{text.tokenHint}</p>}
    </>
  );
}

export function TokenView() {
  const text = words.value;
  return (
    <>
      <div class="scroller" tabIndex={-1}>
        <div class="column">
          <h2 class="view-title">{tokenQuestion.value || text.tokensIntro}</h2>
          <Content />
        </div>
      </div>
      <div class="column composer-place">
        <Composer label={text.tokensAsk} isBusy={isTokenRun.value} onSend={(prompt) => void startTokenRun(prompt)} onStop={stopTokenRun} />
      </div>
    </>
  );
}
