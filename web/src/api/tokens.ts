// POST /chat_stream with explain_tokens: each token of an answer, what the model might have said in its place, and what
// each stage of the sampler made of that (docs/http-api.md).
import type { ChatRequest } from './chat.ts';
import { readEvents } from './event_stream.ts';
import { ApiError, asApiError, errorFrom, request } from './http.ts';

export interface Stage {
  name: string;
  left: number; // tokens of the vocabulary
}

export interface Candidate {
  token: string;
  id: number;
  logprob: number; // the model's own
  probability: number; // of being drawn
  probabilities: number[]; // after each stage that left it
  removed_by: string | null;
}

export interface Token {
  token: string;
  id: number;
  stages: Stage[];
  candidates: Candidate[]; // the likeliest first
}

export const maxCandidates = 20; // the most that the server lists

export async function streamTokens(body: ChatRequest, onTokens: (tokens: Token[]) => void, signal: AbortSignal): Promise<void> {
  const wanted = { stream_format: 'json', explain_tokens: maxCandidates };
  const response = await request('/chat_stream', { method: 'POST', body: JSON.stringify({ ...body, ...wanted }), signal });
  try {
    for await (const event of readEvents(response)) {
      if (event.name === 'explained_tokens') onTokens((JSON.parse(event.data) as { explained_tokens: Token[] }).explained_tokens);
      if (event.name === 'done') return;
      if (event.name === 'error') throw errorFrom(JSON.parse(event.data), 200);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw asApiError(error);
  }
  throw new ApiError(0, 'stream_broken', 'the connection ended before the answer did');
}
