// An answer token by token: the surer the model was, the fainter the ground; what else stood at each place, and where the
// sampler left it out.
import type { Candidate, Token } from '../api/tokens.ts';
import { chosenToken, isTokenRun, startTokenRun, stopTokenRun, tokenError, tokenQuestion, tokens } from '../state/token_run.ts';
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

const modelsShare = ({ logprob }: Candidate) => Math.exp(logprob);

function TokenButton({ token, index }: { token: Token; index: number }) {
  const isChosen = chosenToken.value === index;
  const drawn = token.candidates.find(({ id }) => id === token.id);
  const share = drawn ? modelsShare(drawn) : 0;
  return (
    <>
      <button
        type="button" class={`token grade-${gradeOf(share)}`} aria-pressed={isChosen}
        title={percent(share)} onClick={() => (chosenToken.value = isChosen ? null : index)}
      >
        {visible(token.token)}
      </button>
      {token.token.includes('\n') && <br />}
    </>
  );
}

const maxRows = 10;

// The likeliest ones, and the drawn one wherever it stood.
const rowsOf = (token: Token) => token.candidates.filter(({ id }, index) => index < maxRows || id === token.id);

function Row({ candidate, token }: { candidate: Candidate; token: Token }) {
  const text = words.value;
  const label = visible(candidate.token);
  const kind = candidate.id === token.id ? 'chosen' : candidate.removed_by && 'removed';
  return (
    <tr class={kind ?? ''}>
      <th scope="row"><code>{label}</code></th>
      <td><Bar share={modelsShare(candidate)} label={label} /></td>
      <td class="number">{percent(modelsShare(candidate))}</td>
      {token.stages.map(({ name }, index) => {
        const share = candidate.probabilities[index];
        if (share !== undefined) return <td key={name} class="number">{percent(share)}</td>;
        const isHere = index === candidate.probabilities.length;
        return <td key={name} class="number out">{isHere && <span title={text.leftOut}>{text.leftOutMark}</span>}</td>;
      })}
    </tr>
  );
}

function Candidates({ token }: { token: Token }) {
  const text = words.value;
  return (
    <div class="table-scroller" role="region" tabIndex={0} aria-label={text.tokenTable}>
      <table class="candidates">
        <caption>{text.tokenTable}</caption>
        <thead>
          <tr>
            <th scope="col" colSpan={2}>{text.candidate}</th>
            <th scope="col" class="number">{text.model}</th>
            {token.stages.map(({ name }) => <th key={name} scope="col" class="number">{text.stages[name] ?? name}</th>)}
          </tr>
        </thead>
        <tbody>{rowsOf(token).map((one) => <Row key={one.id} candidate={one} token={token} />)}</tbody>
        {token.stages.length > 0 && (
          <tfoot>
            <tr>
              <th scope="row" colSpan={3}>{text.tokensLeft}</th>
              {token.stages.map(({ name, left }) => <td key={name} class="number">{left}</td>)}
            </tr>
          </tfoot>
        )}
      </table>
      <p class="hint">{text.stagesNote}</p>
    </div>
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
