// The conversation, and the field for the next question.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { asApiError } from '../api/http.ts';
import {
  current, editing, exchanges, isAnswering, isLoading, loadError, open, send, sessionId, startNew, stop,
} from '../state/conversation.ts';
import { isUnderWay } from '../state/answer.ts';
import { Composer } from '../ui/composer.tsx';
import { EndFollower } from '../ui/end_follower.ts';
import { ErrorCard } from '../ui/error_card.tsx';
import { ExchangeView } from '../ui/exchange_view.tsx';
import { words } from '../words/words.ts';

// A new question is always seen.
function useFollowing() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follower = useRef<EndFollower | null>(null);
  const count = exchanges.value.length;
  useLayoutEffect(() => {
    follower.current = new EndFollower(scroller.current!, content.current!);
    return () => follower.current!.dispose();
  }, []);
  useLayoutEffect(() => follower.current!.follow(), [count]);
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
