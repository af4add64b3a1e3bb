// One question under several presets.
import { computed, signal, type Signal } from '@preact/signals';
import { ask, isUnderWay, newAnswer, type Answer } from './answer.ts';
import { presetNames, system } from './sampling.ts';
import { stored } from './stored.ts';

export interface Column {
  preset: string;
  answer: Signal<Answer>;
}

export const maxColumns = 3;

const picked = stored<string[]>('compared', ['speed', 'balanced', 'quality'], Array.isArray);
export const compared = computed(() => presetNames.value.filter((name) => picked.value.includes(name)));
// Answers that are written at the same time share the machine, and their times say little.
export const isInTurn = stored<boolean>('inTurn', true, (value) => typeof value === 'boolean');
export const question = signal('');
export const columns = signal<Column[]>([]);
export const isComparing = signal(false);

let abort: AbortController | null = null;

export function pick(name: string, isPicked: boolean): void {
  const others = compared.peek().filter((one) => one !== name);
  picked.value = isPicked ? [...others, name].slice(-maxColumns) : others;
}

export function stopComparing(): void {
  abort?.abort();
}

async function run({ preset, answer }: Column, prompt: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    answer.value = { ...answer.peek(), state: 'stopped' };
    return;
  }
  const fields = system.peek() ? { system: system.peek() } : {};
  const thinks = preset === 'recommended_thinking' ? { enable_thinking: true } : {};
  await ask({ preset, prompt, ...fields, ...thinks }, answer, signal);
}

export async function startComparing(prompt: string): Promise<void> {
  if (!prompt.trim() || isComparing.peek() || compared.peek().length < 2) return;
  abort = new AbortController();
  const { signal: stop } = abort;
  question.value = prompt;
  columns.value = compared.peek().map((preset) => ({ preset, answer: newAnswer() }));
  isComparing.value = true;
  if (isInTurn.peek()) {
    for (const column of columns.peek()) await run(column, prompt, stop);
  } else {
    await Promise.all(columns.peek().map((column) => run(column, prompt, stop)));
  }
  isComparing.value = false;
}

export const slowestMs = computed(() => Math.max(0, ...columns.value.map(({ answer }) => answer.value.totalMs ?? 0)));

const underWay = computed(() => columns.value.find(({ answer }) => isUnderWay(answer.value)) ?? null);
export const isWaitingItsTurn = (column: Column) =>
  isInTurn.value && isUnderWay(column.answer.value) && underWay.value !== column;
