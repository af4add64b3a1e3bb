// One answer, token by token, with what stood beside each token.
import { signal } from '@preact/signals';
import { asApiError, type ApiError } from '../api/http.ts';
import { streamTokens, type Token } from '../api/tokens.ts';
import { samplingFields, system } from './sampling.ts';

export const tokens = signal<Token[]>([]);
export const tokenQuestion = signal('');
export const tokenError = signal<ApiError | null>(null);
export const isTokenRun = signal(false);
export const chosenToken = signal<number | null>(null);

let abort: AbortController | null = null;

export function stopTokenRun(): void {
  abort?.abort();
}

export async function startTokenRun(prompt: string): Promise<void> {
  if (!prompt.trim() || isTokenRun.peek()) return;
  abort = new AbortController();
  const { signal: stop } = abort;
  tokenQuestion.value = prompt;
  tokens.value = [];
  tokenError.value = chosenToken.value = null;
  isTokenRun.value = true;
  const rules = system.peek() ? { system: system.peek() } : {};
  try {
    await streamTokens({ prompt, ...rules, ...samplingFields() }, (more) => (tokens.value = [...tokens.peek(), ...more]), stop);
  } catch (error) {
    if (!stop.aborted) tokenError.value = asApiError(error);
  } finally {
    isTokenRun.value = false;
  }
}
