// The same question under two or three presets, side by side, with their times.
import {
  columns, compared, isComparing, isInTurn, isWaitingItsTurn, maxColumns, pick, question, slowestMs, startComparing,
  stopComparing, type Column,
} from '../state/compare.ts';
import { presetNames } from '../state/sampling.ts';
import { AnswerView } from '../ui/answer_view.tsx';
import { Bar } from '../ui/bar.tsx';
import { Composer } from '../ui/composer.tsx';
import { rate, time } from '../ui/numbers.ts';
import { nameOfPreset } from '../ui/preset_picker.tsx';
import { words } from '../words/words.ts';

function Picker() {
  const text = words.value;
  return (
    <fieldset class="picker" disabled={isComparing.value}>
      <legend>{text.comparePick}</legend>
      {presetNames.value.map((name) => {
        const isPicked = compared.value.includes(name);
        return (
          <label class="chip" key={name}>
            <input
              type="checkbox" checked={isPicked} disabled={!isPicked && compared.value.length >= maxColumns}
              onChange={(event) => pick(name, event.currentTarget.checked)}
            />
            <span>{nameOfPreset(name)}</span>
          </label>
        );
      })}
      <label class="chip in-turn" title={text.inTurnHint}>
        <input type="checkbox" role="switch" checked={isInTurn.value} onChange={(event) => (isInTurn.value = event.currentTarget.checked)} />
        <span>{text.inTurn}</span>
      </label>
    </fieldset>
  );
}

function Times({ column }: { column: Column }) {
  const { totalMs, firstTextMs, summary } = column.answer.value;
  const text = words.value;
  const speed = summary?.timings?.decode_per_second;
  const share = totalMs !== null && slowestMs.value > 0 ? totalMs / slowestMs.value : 0;
  return (
    <div class="times">
      <dl class="figures">
        <div class="figure"><dt>{text.total}</dt><dd>{totalMs === null ? '–' : time(totalMs)}</dd></div>
        <div class="figure"><dt>{text.firstWords}</dt><dd>{firstTextMs === null ? '–' : time(firstTextMs)}</dd></div>
        <div class="figure"><dt>{text.speedWord}</dt><dd>{speed ? text.perSecond(rate(speed)) : '–'}</dd></div>
        <div class="figure"><dt>{text.length}</dt><dd>{summary ? text.tokenCount(summary.usage.completion_tokens) : '–'}</dd></div>
      </dl>
      <Bar share={share} label={text.total} />
    </div>
  );
}

const ColumnView = ({ column }: { column: Column }) => (
  <section class={`compared ${isWaitingItsTurn(column) ? 'waits' : ''}`} aria-label={nameOfPreset(column.preset)}>
    <h2>{nameOfPreset(column.preset)}</h2>
    <Times column={column} />
    <AnswerView answer={column.answer} onRetry={() => void startComparing(question.peek())} />
  </section>
);

export function CompareView() {
  const text = words.value;
  return (
    <>
      <div class="scroller" tabIndex={-1}>
        <div class="column wide">
          <h2 class="view-title">{question.value || text.compareIntro}</h2>
          <div class="columns">{columns.value.map((column) => <ColumnView key={column.preset} column={column} />)}</div>
        </div>
      </div>
      <div class="column wide composer-place">
        <Picker />
        <Composer
          label={text.compareAsk} isBusy={isComparing.value} isOff={compared.value.length < 2}
          onSend={(prompt) => void startComparing(prompt)} onStop={stopComparing}
        />
      </div>
    </>
  );
}
