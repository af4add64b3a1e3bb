// The field for a question. Enter sends it, but never while an input method is composing: that Enter takes a candidate.
import { useEffect, useRef, useState } from 'preact/hooks';
import { words } from '../words/words.ts';
import { Icon } from './icons.tsx';

interface Props {
  label: string;
  isBusy: boolean;
  isOff?: boolean; // nothing can be asked at the moment
  onSend: (text: string) => void;
  onStop: () => void;
  onArrowUp?: () => void; // in an empty field
}

// Safari ends the composition before it tells of the key; the key code 229 is still an input method's.
const isComposing = (event: KeyboardEvent) => event.isComposing || event.keyCode === 229;

function grow(field: HTMLTextAreaElement): void {
  field.style.height = 'auto';
  field.style.height = `${field.scrollHeight}px`;
}

export function Composer({ label, isBusy, isOff = false, onSend, onStop, onArrowUp }: Props) {
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => grow(field.current!), [text]);
  const send = () => {
    if (isBusy || isOff || !text.trim()) return;
    onSend(text);
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    }
    if (event.key === 'ArrowUp' && !text && onArrowUp) {
      event.preventDefault();
      onArrowUp();
    }
  };
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <textarea
        ref={field} data-question rows={1} value={text} placeholder={label} aria-label={label} enterkeyhint="send"
        onInput={(event) => setText(event.currentTarget.value)} onKeyDown={onKeyDown}
      />
      {isBusy
        ? <button type="button" class="round-button" aria-label={words.value.stop} title={`${words.value.stop} (Esc)`} onClick={onStop}>
            <Icon name="stop" />
          </button>
        : <button type="submit" class="round-button" aria-label={words.value.send} title={words.value.send} disabled={isOff || !text.trim()}>
            <Icon name="send" />
          </button>}
    </form>
  );
}
