// An answer in whatever state it is: waited for, being written, whole, stopped or failed.
import type { ComponentChildren } from 'preact';
import type { Signal } from '@preact/signals';
import { isUnderWay, type Answer } from '../state/answer.ts';
import { metrics } from '../state/live.ts';
import { words } from '../words/words.ts';
import { AnswerFooter } from './answer_footer.tsx';
import { ErrorCard } from './error_card.tsx';
import { Icon } from './icons.tsx';
import { MarkdownView } from './markdown_view.tsx';

function Reasoning({ answer }: { answer: Answer }) {
  if (!answer.reasoning) return null;
  const isThinking = isUnderWay(answer) && !answer.text;
  return (
    <details class="reasoning">
      <summary><Icon name="chevron" />{isThinking ? words.value.thinking : words.value.thought}</summary>
      <div class="reasoning-text">{answer.reasoning}</div>
    </details>
  );
}

function Waiting() {
  const ahead = metrics.value?.get('vllm:num_requests_waiting') ?? 0;
  const label = ahead > 1 ? words.value.waitingBehind(ahead - 1) : words.value.waiting;
  return <p class="waiting" aria-label={label} title={label}><i /><i /><i /></p>;
}

interface Props {
  answer: Signal<Answer>;
  isKept?: boolean; // by the server, once it is whole
  attempt?: number;
  onRetry: (isAutomatic: boolean) => void;
  children?: ComponentChildren; // what can be done with a whole answer
}

export function AnswerView({ answer: signal, isKept = false, attempt = 0, onRetry, children }: Props) {
  const answer = signal.value;
  const text = words.value;
  return (
    <div class={`answer ${answer.state}`} aria-busy={isUnderWay(answer)}>
      <Reasoning answer={answer} />
      {answer.state === 'waiting' && <Waiting />}
      {answer.text && <MarkdownView text={answer.text} isGrowing={isUnderWay(answer)} />}
      {answer.state === 'stopped' && <p class="notice">{isKept ? text.stoppedNotKept : text.stopped}</p>}
      {answer.error && <ErrorCard error={answer.error} attempt={attempt} onRetry={onRetry} />}
      {!isUnderWay(answer) && <AnswerFooter answer={answer}>{children}</AnswerFooter>}
    </div>
  );
}
