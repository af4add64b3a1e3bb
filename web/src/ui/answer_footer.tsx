// What an answer cost and how it ended; on demand, everything the server says of it.
import type { ComponentChildren } from 'preact';
import type { Summary } from '../api/chat.ts';
import type { Answer } from '../state/answer.ts';
import { words } from '../words/words.ts';
import { rate, time } from './numbers.ts';

// What the reader must not miss.
function notices({ finish_reason, stop_reason, history }: Summary): string[] {
  const text = words.value;
  const found: string[] = [];
  if (finish_reason === 'length') found.push(text.cutAtLimit);
  if (stop_reason === 'repetition_loop') found.push(text.loopStopped);
  if (history && history.turns_dropped > 0) found.push(text.dropped(history.turns_dropped));
  if (history?.turns_removed) found.push(text.removedTurns(history.turns_removed));
  return found;
}

function facts({ summary, firstTextMs, totalMs }: Answer): string[] {
  const text = words.value;
  const { usage, timings } = summary!;
  const found = [text.tokenCount(usage.completion_tokens)];
  if (timings?.decode_per_second) found.push(text.perSecond(rate(timings.decode_per_second)));
  if (firstTextMs !== null) found.push(text.firstAfter(time(firstTextMs)));
  if (totalMs !== null) found.push(time(totalMs));
  found.push(usage.cached_tokens ? text.cachedOf(usage.cached_tokens, usage.prompt_tokens) : text.promptTokens(usage.prompt_tokens));
  return found;
}

function Details({ summary }: { summary: Summary }) {
  const { parameters, sources, timings, model, preset } = summary;
  if (!Object.keys(parameters).length) return null;
  const rows: [string, unknown, string?][] = [
    ['model', model],
    ['preset', preset, sources?.['preset']],
    ...Object.entries(parameters).map(([name, value]): [string, unknown, string?] => [name, value, sources?.[name]]),
    ...Object.entries(timings ?? {}).filter(([, value]) => typeof value === 'number'),
  ];
  return (
    <details class="details">
      <summary>{words.value.details}</summary>
      <table>
        <tbody>
          {rows.map(([name, value, source]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</td>
              <td class="muted">{source}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

export function AnswerFooter({ answer, children }: { answer: Answer; children?: ComponentChildren }) {
  const { summary } = answer;
  return (
    <div class="answer-footer">
      {summary && notices(summary).map((notice) => <p class="notice" key={notice}>{notice}</p>)}
      {summary?.warnings?.map(({ message }) => <p class="warning" key={message}>{message}</p>)}
      <div class="row">
        {children}
        {summary && <p class="facts">{facts(answer).map((fact) => <span key={fact}>{fact}</span>)}</p>}
      </div>
      {summary && <Details summary={summary} />}
    </div>
  );
}
