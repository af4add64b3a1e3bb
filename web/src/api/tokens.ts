// POST /v1/chat/completions with logprobs: what the model might have said in place of each token.
import type { Message } from './chat.ts';
import { readEvents } from './event_stream.ts';
import { errorFrom, request } from './http.ts';

export interface Candidate {
  text: string;
  probability: number;
}

export interface Token extends Candidate {
  candidates: Candidate[]; // the likeliest first
}

interface Logprob {
  token: string;
  logprob: number;
}

interface Chunk {
  error?: unknown;
  choices?: { logprobs?: { content?: (Logprob & { top_logprobs?: Logprob[] })[] | null } | null }[];
}

export const maxCandidates = 20; // the most that the server lists

const candidate = ({ token, logprob }: Logprob): Candidate => ({ text: token, probability: Math.exp(logprob) });

export function tokensOf(chunk: Chunk): Token[] {
  const content = chunk.choices?.[0]?.logprobs?.content ?? [];
  return content.map((token) => ({
    ...candidate(token),
    candidates: (token.top_logprobs ?? []).map(candidate).sort((a, b) => b.probability - a.probability),
  }));
}

export async function streamTokens(
  model: string,
  messages: Message[],
  parameters: Record<string, unknown>,
  onTokens: (tokens: Token[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const { max_new_tokens: maxTokens, ...sampling } = parameters;
  const wanted = { stream: true, logprobs: true, top_logprobs: maxCandidates };
  const body = { ...sampling, max_tokens: maxTokens, model, messages, ...wanted };
  const response = await request('/v1/chat/completions', { method: 'POST', body: JSON.stringify(body), signal });
  for await (const event of readEvents(response)) {
    if (event.data === '[DONE]') return;
    const chunk = JSON.parse(event.data) as Chunk;
    if (chunk.error) throw errorFrom(chunk, 200);
    onTokens(tokensOf(chunk));
  }
}
