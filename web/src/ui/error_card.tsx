// What went wrong, what the server said of it, and what can be done. A server that says when to come again is asked
// again then, a few times.
import { useEffect, useState } from 'preact/hooks';
import type { ApiError } from '../api/http.ts';
import { isKeyWanted } from '../state/settings.ts';
import { words } from '../words/words.ts';

const maxAutomaticRetries = 5;

interface Props {
  error: ApiError;
  attempt: number; // how often it was tried before
  onRetry: (isAutomatic: boolean) => void;
}

// Seconds until the next try; null where there is to be none by itself.
function useCountdown({ error, attempt, onRetry }: Props): number | null {
  const isTimed = (error.status === 503 || error.status === 429) && error.retryAfterSeconds !== null && attempt < maxAutomaticRetries;
  const [seconds, setSeconds] = useState(isTimed ? Math.ceil(error.retryAfterSeconds!) : null);
  useEffect(() => {
    if (seconds === null) return;
    const timer = setTimeout(() => (seconds > 0 ? setSeconds(seconds - 1) : onRetry(true)), seconds > 0 ? 1000 : 0);
    return () => clearTimeout(timer);
  }, [seconds]);
  return seconds;
}

export function ErrorCard(props: Props) {
  const { error, onRetry } = props;
  const seconds = useCountdown(props);
  const text = words.value;
  const explained = text.errors[error.code];
  return (
    <div class="error-card" role="alert">
      <p class="error-title">{explained ?? error.message}</p>
      {explained && error.status !== 0 && <p class="error-detail">{text.serverSays} {error.message}</p>}
      <div class="row">
        {seconds !== null && <span class="muted">{text.retryIn(seconds)}</span>}
        {error.status === 401
          ? <button type="button" class="button" onClick={() => (isKeyWanted.value = true)}>{text.enterKey}</button>
          : <button type="button" class="button" onClick={() => onRetry(false)}>
              {seconds === null ? text.retry : text.retryNow}
            </button>}
      </div>
    </div>
  );
}
