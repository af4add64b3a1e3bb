// The conversation on the screen. Where the server keeps sessions it is one of them; else it lives in this page only,
// and each question brings its history along.
import { batch, computed, signal, type Signal } from '@preact/signals';
import type { ChatRequest, Message } from '../api/chat.ts';
import { createSession, readSession, type Turn } from '../api/sessions.ts';
import { asApiError } from '../api/http.ts';
import { ask, emptyAnswer, isUnderWay, newAnswer, type Answer } from './answer.ts';
import { samplingFields, system } from './sampling.ts';
import { areKept, refreshSessions } from './session_list.ts';

export interface Exchange {
  id: number;
  prompt: string;
  answer: Signal<Answer>;
  turn: Signal<number | null>; // its number in the session; null: the server does not keep it
  attempt: number; // how often it was asked before by itself
}

export const sessionId = signal<string | null>(null);
export const exchanges = signal<Exchange[]>([]);
export const loadError = signal<unknown>(null);
export const isLoading = signal(false);
export const editing = signal<Exchange | null>(null); // whose question is being changed

export const current = computed(() => exchanges.value.at(-1) ?? null);
export const isAnswering = computed(() => current.value !== null && isUnderWay(current.value.answer.value));

let nextId = 1;
let abort: AbortController | null = null;

const newExchange = (prompt: string, attempt = 0): Exchange => ({
  id: nextId++, prompt, answer: newAnswer(), turn: signal(null), attempt,
});

export function stop(): void {
  if (isAnswering.peek()) stoppedAt = performance.now();
  abort?.abort();
}

// At once, so that no address in between is seen.
function turnTo(id: string | null): void {
  stop();
  batch(() => {
    sessionId.value = id;
    exchanges.value = [];
    loadError.value = editing.value = null;
  });
}

export const startNew = () => turnTo(null);

function exchangeOf(turn: Turn): Exchange {
  const exchange = newExchange(turn.messages.map(({ content }) => content).join('\n\n'));
  const { response: text, finish_reason, usage } = turn;
  const summary = { finish_reason, usage, model: '', preset: '', parameters: {} };
  exchange.answer.value = { ...emptyAnswer(), state: 'done', text, summary };
  exchange.turn.value = turn.turn;
  return exchange;
}

export async function open(id: string): Promise<void> {
  if (id === sessionId.peek()) return;
  turnTo(id);
  isLoading.value = true;
  try {
    const session = await readSession(id);
    if (sessionId.peek() === id) exchanges.value = session.turns.map(exchangeOf);
  } catch (error) {
    if (sessionId.peek() === id) loadError.value = error;
  } finally {
    isLoading.value = false;
  }
}

// What was said before, for a server that keeps nothing.
function history(before: Exchange[]): Message[] {
  return before.flatMap(({ prompt, answer }) => {
    const { text } = answer.peek();
    const question: Message = { role: 'user', content: prompt };
    return text ? [question, { role: 'assistant', content: text }] : [];
  });
}

const titleOf = (prompt: string) => [...prompt.trim().split('\n')[0]!].slice(0, 60).join('');

// Where the session does not exist yet, it is made. A question may come before the server has said whether it keeps any.
async function bodyOf(exchange: Exchange, before: Exchange[], fromTurn: number | null): Promise<ChatRequest> {
  const fields = samplingFields();
  if (areKept.peek() === null) await refreshSessions();
  if (areKept.peek() === false) {
    const messages: Message[] = [...history(before), { role: 'user', content: exchange.prompt }];
    return { ...fields, messages, ...(system.peek() ? { system: system.peek() } : {}) };
  }
  if (!sessionId.peek()) {
    sessionId.value = (await createSession(titleOf(exchange.prompt), system.peek())).session_id;
  }
  return {
    ...fields,
    session_id: sessionId.peek()!,
    prompt: exchange.prompt,
    ...(fromTurn === null ? {} : { from_turn: fromTurn }),
  };
}

// The server notices within some milliseconds that a reader has left; until then the session is busy with the answer
// that was stopped here.
const busyRetryMs = [50, 150, 400, 1000];
let stoppedAt = -Infinity;

async function askPatiently(body: ChatRequest, answer: Signal<Answer>, abort: AbortSignal): Promise<void> {
  await ask(body, answer, abort);
  for (const pause of busyRetryMs) {
    const isOurOwn = performance.now() - stoppedAt < 5000;
    if (answer.peek().error?.code !== 'session_busy' || !isOurOwn || abort.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, pause));
    await ask(body, answer, abort);
  }
}

async function run(exchange: Exchange, before: Exchange[], fromTurn: number | null): Promise<void> {
  const controller = new AbortController();
  abort = controller;
  exchanges.value = [...before, exchange];
  let body: ChatRequest;
  try {
    body = await bodyOf(exchange, before, fromTurn);
  } catch (error) {
    exchange.answer.value = { ...emptyAnswer(), state: 'failed', error: asApiError(error) };
    return;
  }
  await askPatiently(body, exchange.answer, controller.signal);
  exchange.turn.value = exchange.answer.peek().summary?.turn ?? null;
  if (areKept.peek()) void refreshSessions().catch(() => undefined); // the next look says why
}

export function send(prompt: string): void {
  if (!prompt.trim() || isAnswering.peek()) return;
  void run(newExchange(prompt), exchanges.peek(), null);
}

// Asks again in place of this exchange; it and what follows give way.
export function askAgain(exchange: Exchange, prompt = exchange.prompt, attempt = 0): void {
  if (!prompt.trim()) return;
  stop();
  const index = exchanges.peek().indexOf(exchange);
  const replaced = exchanges.peek().slice(index);
  const fromTurn = replaced.map(({ turn }) => turn.peek()).find((turn) => turn !== null) ?? null;
  void run(newExchange(prompt, attempt), exchanges.peek().slice(0, index), fromTurn);
}
