// POST /chat_stream: one answer while it is written (docs/http-api.md).
import { readEvents } from './event_stream.ts';
import { ApiError, asApiError, errorFrom, request } from './http.ts';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface ChatRequest {
  prompt?: string;
  messages?: Message[];
  system?: string;
  session_id?: string;
  from_turn?: number;
  preset?: string;
  enable_thinking?: boolean;
  [parameter: string]: unknown;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cached_tokens: number;
}

export interface Timings {
  total_ms: number;
  queue_ms: number;
  prefill_ms: number;
  decode_ms: number;
  prepare_ms: number;
  decode_per_second: number | null;
  prefill_per_second: number | null;
}

export interface Summary {
  finish_reason: string;
  stop_reason?: string;
  usage: Usage;
  model: string;
  preset: string;
  parameters: Record<string, unknown>;
  sources?: Record<string, string>;
  timings?: Timings;
  warnings?: { param: string; code: string; message: string }[]; // of parameters that do little good
  turn?: number;
  session_id?: string;
  history?: { policy: string; turns_kept: number; turns_dropped: number; turns_removed?: number };
}

export interface ChatListener {
  onText(text: string): void;
  onReasoning(text: string): void;
}

const textOf = (data: string) => (JSON.parse(data) as { text: string }).text;

// The summary when the answer is whole. Throws an ApiError, also for a stream that ends before its end, or the abort.
export async function streamChat(body: ChatRequest, listener: ChatListener, signal: AbortSignal): Promise<Summary> {
  const options = { stream_format: 'json', timings: true, explain: true };
  const response = await request('/chat_stream', {
    method: 'POST',
    body: JSON.stringify({ ...body, ...options }),
    signal,
  });
  try {
    for await (const event of readEvents(response)) {
      if (event.name === 'message') listener.onText(textOf(event.data));
      if (event.name === 'reasoning') listener.onReasoning(textOf(event.data));
      if (event.name === 'done') return JSON.parse(event.data) as Summary;
      if (event.name === 'error') throw errorFrom(JSON.parse(event.data), 200);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw asApiError(error);
  }
  throw new ApiError(0, 'stream_broken', 'the connection ended before the answer did');
}
