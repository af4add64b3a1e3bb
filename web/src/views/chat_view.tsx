// The conversation, and the field for the next question.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { asApiError } from '../api/http.ts';
import {
  current, editing, exchanges, isAnswering, isLoading, loadError, open, send, sessionId, startNew, stop,
} from '../state/conversation.ts';
import { isUnderWay } from '../state/answer.ts';
import { Composer } from '../ui/composer.tsx';
import { ErrorCard } from '../ui/error_card.tsx';
import { ExchangeView } from '../ui/exchange_view.tsx';
import { words } from '../words/words.ts';

// Within so many pixels of the end the reader follows what is written.
const nearEnd = 80;

// Keeps the end in view while the reader is there, and leaves alone whoever has scrolled up.
function useFollowing() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = scroller.current!;
    let isFollowing = true;
    let top = 0;
    const onScroll = () => {
      const isNearEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd;
      if (!isNearEnd || element.scrollTop > top) isFollowing = isNearEnd;
      top = element.scrollTop;
    };
    // Said before the first pixel has moved: what is written in between would take the reader back.
    const onWheel = ({ deltaY }: WheelEvent) => { if (deltaY < 0) isFollowing = false; };
    const observer = new ResizeObserver(() => {
      if (!isFollowing) return;
      element.scrollTop = element.scrollHeight;
      top = element.scrollTop;  // the event of this move may come after the reader's wheel, and must not undo it
    });
    observer.observe(content.current!);
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('wheel', onWheel, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('wheel', onWheel);
    };
  }, []);
  const count = exchanges.value.length;
  useLayoutEffect(() => { scroller.current!.scrollTop = scroller.current!.scrollHeight; }, [count]);
  return { scroller, content };
}

function Welcome() {
  const text = words.value;
  return (
    <div class="welcome">
      <h2>{text.welcome}</h2>
      <p class="muted">{text.welcomeHint}</p>
      <ul>
        {text.suggestions.map((suggestion) => (
          <li key={suggestion}><button type="button" class="suggestion" onClick={() => send(suggestion)}>{suggestion}</button></li>
        ))}
      </ul>
    </div>
  );
}

function Content() {
  if (loadError.value) {
    const id = sessionId.value;
    const again = () => { startNew(); if (id) void open(id); };
    return <ErrorCard error={asApiError(loadError.value)} attempt={0} onRetry={again} />;
  }
  if (isLoading.value) return <p class="muted padded" aria-busy="true">…</p>;
  if (!exchanges.value.length) return <Welcome />;
  return <>{exchanges.value.map((exchange) => <ExchangeView key={exchange.id} exchange={exchange} />)}</>;
}

// Says in one sentence that an answer is complete, and never the answer piece by piece.
function Announcer() {
  const answer = current.value?.answer.value;
  const text = words.value;
  let said = '';
  if (answer && !isUnderWay(answer)) {
    if (answer.state === 'done') said = text.answerIsHere(answer.summary?.usage.completion_tokens ?? 0);
    if (answer.state === 'stopped') said = text.stopped;
    if (answer.state === 'failed') said = text.answerFailed;
  }
  return <p class="off-screen" role="status">{said}</p>;
}

export function ChatView() {
  const { scroller, content } = useFollowing();
  return (
    <>
      <div class="scroller" ref={scroller} tabIndex={-1}>
        <div class="column" ref={content}><Content /></div>
      </div>
      <div class="column composer-place">
        <Composer
          label={words.value.ask} isBusy={isAnswering.value} isOff={loadError.value !== null} onSend={send} onStop={stop}
          onArrowUp={() => (editing.value = current.peek())}
        />
        <p class="hint composer-hint">{words.value.askHint}</p>
      </div>
      <Announcer />
    </>
  );
}
