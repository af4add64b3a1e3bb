// What the server does now: its health, and its numbers once a second while somebody looks.
import { effect, signal } from '@preact/signals';
import { asApiError, isAway, request } from '../api/http.ts';
import { readMetrics, type Metrics } from '../api/metrics.ts';
import { loadPresets, presets } from './sampling.ts';
import { apiKey } from './settings.ts';
import { areKept, refreshSessions } from './session_list.ts';

export type Health = 'unknown' | 'healthy' | 'loading' | 'draining' | 'away' | 'locked';

export interface Sample {
  tokensPerSecond: number;
  promptTokensPerSecond: number;
}

export const health = signal<Health>('unknown');
export const modelName = signal('');
export const metrics = signal<Metrics | null>(null);
export const samples = signal<Sample[]>([]); // one a second, the newest last
export const isLiveShown = signal(false);

const intervalMs = 1000;
const calmIntervalMs = 15000; // when all is well and nobody looks
export const maxSamples = 60;

let last: { at: number; metrics: Metrics } | null = null;

// Counters that went back are those of a server that was started anew.
function rate(name: string, now: Metrics, seconds: number): number {
  const grown = (now.get(name) ?? 0) - (last?.metrics.get(name) ?? 0);
  return last && seconds > 0 && grown > 0 ? grown / seconds : 0;
}

async function sample(): Promise<void> {
  const now = await readMetrics();
  const at = performance.now();
  const seconds = last ? (at - last.at) / 1000 : 0;
  const one = {
    tokensPerSecond: rate('vllm:generation_tokens_total', now, seconds),
    promptTokensPerSecond: rate('vllm:prompt_tokens_total', now, seconds),
  };
  last = { at, metrics: now };
  metrics.value = now;
  samples.value = [...samples.value, one].slice(-maxSamples);
}

interface HealthBody {
  status: Health;
  model: string;
}

async function look(): Promise<void> {
  const body = (await (await request('/health')).json()) as HealthBody;
  health.value = body.status;
  modelName.value = body.model;
}

function healthOf(error: unknown): Health {
  const { status, code } = asApiError(error);
  if (isAway(asApiError(error))) return 'away';
  if (status === 401) return 'locked';
  return code === 'draining' ? 'draining' : 'loading';
}

// Keys that are wrong are counted by the server, which then asks for patience: the one that it refused is not shown
// to it again before the reader has entered another.
let refusedKey: string | null = null;

async function tick(): Promise<void> {
  try {
    await look();
    if (refusedKey === apiKey.peek()) {
      health.value = 'locked';
      return;
    }
    refusedKey = null;
    if (!presets.peek()) await loadPresets();
    if (areKept.peek() === null) await refreshSessions();
    if (isLiveShown.peek()) await sample();
  } catch (error) {
    health.value = healthOf(error);
    if (health.peek() === 'locked') refusedKey = apiKey.peek();
    last = null;
  }
}

let timer = 0;

async function watch(): Promise<void> {
  clearTimeout(timer);
  await tick();
  const isCalm = health.peek() === 'healthy' && !isLiveShown.peek();
  clearTimeout(timer);
  timer = window.setTimeout(() => void watch(), isCalm ? calmIntervalMs : intervalMs);
}

// A page that nobody sees asks nothing.
export function startWatching(): void {
  effect(() => {
    if (isLiveShown.value) void watch();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else void watch();
  });
  void watch();
}

// Something failed: see at once whether the server is still there.
export const lookNow = () => void watch();
