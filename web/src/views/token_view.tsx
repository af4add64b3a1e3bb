// An answer token by token: the surer the model was, the fainter the ground; and what else stood at each place.
import type { Candidate, Token } from '../api/tokens.ts';
import {
  chosenToken, isTokenRun, runParameters, startTokenRun, stopTokenRun, tokenError, tokenQuestion, tokens,
} from '../state/token_run.ts';
import { fatesOf, type Fate, type Stages } from '../text/sampler_stages.ts';
import { Bar } from '../ui/bar.tsx';
import { Composer } from '../ui/composer.tsx';
import { ErrorCard } from '../ui/error_card.tsx';
import { percent } from '../ui/numbers.ts';
import { words } from '../words/words.ts';

interface Row extends Candidate {
  isChosen: boolean;
  fate: Fate;
}

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

const maxRows = 10;

function stages(): Stages {
  const { temperature, top_k, top_p, min_p } = runParameters.value;
  return { temperature: Number(temperature), top_k: Number(top_k), top_p: Number(top_p), min_p: Number(min_p) };
}

// The likeliest ones, and the chosen one wherever it stood.
function rowsOf(token: Token): Row[] {
  const fates = fatesOf(token.candidates.map(({ probability }) => probability), stages());
  const rows = token.candidates.map((one, index) => ({ ...one, isChosen: one.text === token.text, fate: fates[index]! }));
  const shown = rows.filter(({ isChosen }, index) => index < maxRows || isChosen);
  const isListed = shown.some(({ isChosen }) => isChosen);
  return isListed ? shown : [...shown, { ...token, isChosen: true, fate: 'unknown' }];
}

function Candidates({ token }: { token: Token }) {
  const text = words.value;
  return (
    <table class="candidates">
      <caption>{text.tokenTable}</caption>
      <tbody>
        {rowsOf(token).map((one, index) => (
          <tr key={index} class={one.isChosen ? 'chosen' : one.fate}>
            <th scope="row"><code>{visible(one.text)}</code></th>
            <td><Bar share={one.probability} label={visible(one.text)} /></td>
            <td class="number">{percent(one.probability)}</td>
            <td class="muted">{one.isChosen ? text.chosen : text.fates[one.fate]}</td>
          </tr>
        ))}
      </tbody>
      <tfoot><tr><td colSpan={4} class="hint">{text.fatesNote}</td></tr></tfoot>
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
