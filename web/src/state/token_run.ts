// One answer, token by token, with what stood beside each token.
import { signal } from '@preact/signals';
import { asApiError, type ApiError } from '../api/http.ts';
import { streamTokens, type Token } from '../api/tokens.ts';
import { modelName } from './live.ts';
import { presets, samplingFields, system, valueOf } from './sampling.ts';

export const tokens = signal<Token[]>([]);
export const tokenQuestion = signal('');
export const tokenError = signal<ApiError | null>(null);
export const isTokenRun = signal(false);
export const runParameters = signal<Record<string, unknown>>({}); // that the tokens were drawn with
export const chosenToken = signal<number | null>(null);

let abort: AbortController | null = null;

export function stopTokenRun(): void {
  abort?.abort();
}

// The preset's values one by one: the OpenAI endpoint knows no presets.
function parameters(): Record<string, unknown> {
  const { preset: _preset, enable_thinking: _thinking, ...changed } = samplingFields();
  const values = (presets.peek()?.parameters ?? []).map(({ name }) => [name, valueOf(name)]);
  return { ...Object.fromEntries(values), ...changed };
}

export async function startTokenRun(prompt: string): Promise<void> {
  if (!prompt.trim() || isTokenRun.peek()) return;
  abort = new AbortController();
  const { signal: stop } = abort;
  tokenQuestion.value = prompt;
  tokens.value = [];
  runParameters.value = parameters();
  tokenError.value = chosenToken.value = null;
  isTokenRun.value = true;
  const rules = system.peek() ? [{ role: 'system' as const, content: system.peek() }] : [];
  try {
    const messages = [...rules, { role: 'user' as const, content: prompt }];
    await streamTokens(modelName.peek(), messages, runParameters.peek(), (more) => (tokens.value = [...tokens.peek(), ...more]), stop);
  } catch (error) {
    if (!stop.aborted) tokenError.value = asApiError(error);
  } finally {
    isTokenRun.value = false;
  }
}
