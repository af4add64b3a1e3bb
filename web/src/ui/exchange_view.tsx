// A question and its answer.
import { useEffect, useRef } from 'preact/hooks';
import { askAgain, editing, type Exchange } from '../state/conversation.ts';
import { areKept } from '../state/session_list.ts';
import { focusQuestion } from '../state/view.ts';
import { words } from '../words/words.ts';
import { AnswerView } from './answer_view.tsx';
import { CopyButton } from './copy_button.tsx';
import { Icon } from './icons.tsx';

function QuestionEditor({ exchange }: { exchange: Exchange }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current!.focus();
    field.current!.setSelectionRange(exchange.prompt.length, exchange.prompt.length);
  }, []);
  const close = () => {
    editing.value = null;
    focusQuestion();
  };
  const save = () => {
    close();
    askAgain(exchange, field.current!.value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      save();
    }
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    }
  };
  return (
    <div class="question-editor">
      <textarea
        ref={field} defaultValue={exchange.prompt} aria-label={words.value.edit} rows={3} onKeyDown={onKeyDown}
      />
      <div class="row end">
        <button type="button" class="button" onClick={close}>{words.value.cancel}</button>
        <button type="button" class="button primary" onClick={save}>{words.value.saveAndAsk}</button>
      </div>
    </div>
  );
}

function Question({ exchange }: { exchange: Exchange }) {
  if (editing.value === exchange) return <QuestionEditor exchange={exchange} />;
  const text = words.value;
  return (
    <div class="question">
      <h3 class="off-screen">{text.you}</h3>
      <div class="question-text">{exchange.prompt}</div>
      <div class="actions">
        <CopyButton label={text.copy} text={() => exchange.prompt} />
        <button type="button" class="quiet-button" aria-label={text.edit} title={text.edit} onClick={() => (editing.value = exchange)}>
          <Icon name="edit" />
        </button>
      </div>
    </div>
  );
}

export function ExchangeView({ exchange }: { exchange: Exchange }) {
  const text = words.value;
  return (
    <article class="exchange">
      <Question exchange={exchange} />
      <AnswerView
        answer={exchange.answer} isKept={areKept.value === true} attempt={exchange.attempt}
        onRetry={(isAutomatic) => askAgain(exchange, exchange.prompt, isAutomatic ? exchange.attempt + 1 : 0)}
      >
        <div class="actions">
          <CopyButton label={text.copy} text={() => exchange.answer.peek().text} />
          <button type="button" class="quiet-button" aria-label={text.again} title={text.again} onClick={() => askAgain(exchange)}>
            <Icon name="again" />
          </button>
        </div>
      </AnswerView>
    </article>
  );
}
