// One answer while it comes and after it: what every view that asks the model has in common.
import { signal, type Signal } from '@preact/signals';
import { streamChat, type ChatRequest, type Summary } from '../api/chat.ts';
import { asApiError, type ApiError } from '../api/http.ts';

export interface Answer {
  state: 'waiting' | 'writing' | 'done' | 'stopped' | 'failed';
  text: string;
  reasoning: string;
  firstTextMs: number | null; // since the question was sent
  totalMs: number | null;
  error: ApiError | null;
  summary: Summary | null;
}

export const emptyAnswer = (): Answer => ({
  state: 'waiting', text: '', reasoning: '', firstTextMs: null, totalMs: null, error: null, summary: null,
});

export const isUnderWay = ({ state }: Answer) => state === 'waiting' || state === 'writing';

// Calls back when the next frame is on the screen; a page in the background has no frames, so a timer stands behind them.
function afterNextFrame(callback: () => void): void {
  let isCalled = false;
  const once = () => {
    if (isCalled) return;
    isCalled = true;
    callback();
  };
  requestAnimationFrame(() => window.setTimeout(once, 0));
  window.setTimeout(once, 250);
}

// Drawing that takes longer keeps the reader's wheel and keys waiting, so there is a pause of twice its time behind it.
const longDrawingMs = 50;

// Text comes faster than a screen can show it. It is collected, and shown once a frame, or less often where a frame takes
// long: a machine that is busy, or a paragraph that does not end.
class FrameWriter {
  private text = '';
  private reasoning = '';
  private isPaused = false;

  constructor(private readonly answer: Signal<Answer>, private readonly since: number) {}

  add(text: string, reasoning: string): void {
    this.text += text;
    this.reasoning += reasoning;
    if (!this.isPaused) this.showAndPause();
  }

  private showAndPause(): void {
    if (!this.flush()) return;
    this.isPaused = true;
    const begin = performance.now();
    afterNextFrame(() => {
      const drawingMs = performance.now() - begin;
      window.setTimeout(() => {
        this.isPaused = false;
        this.showAndPause();
      }, drawingMs > longDrawingMs ? 2 * drawingMs : 0);
    });
  }

  // False if there was nothing to show.
  flush(): boolean {
    if (!this.text && !this.reasoning) return false;
    const before = this.answer.peek();
    this.answer.value = {
      ...before,
      state: 'writing',
      text: before.text + this.text,
      reasoning: before.reasoning + this.reasoning,
      firstTextMs: before.firstTextMs ?? performance.now() - this.since,
    };
    this.text = this.reasoning = '';
    return true;
  }
}

// Never throws: however it ends, the answer says so.
export async function ask(body: ChatRequest, answer: Signal<Answer>, abort: AbortSignal): Promise<void> {
  answer.value = emptyAnswer();
  const since = performance.now();
  const writer = new FrameWriter(answer, since);
  const end = (outcome: Partial<Answer>) => {
    writer.flush();
    answer.value = { ...answer.peek(), totalMs: performance.now() - since, ...outcome };
  };
  try {
    const listener = { onText: (text: string) => writer.add(text, ''), onReasoning: (text: string) => writer.add('', text) };
    const summary = await streamChat(body, listener, abort);
    end({ state: 'done', summary });
  } catch (error) {
    end(abort.aborted ? { state: 'stopped' } : { state: 'failed', error: asApiError(error) });
  }
}

export const newAnswer = () => signal(emptyAnswer());
