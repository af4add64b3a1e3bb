// /sessions: conversations that the server keeps (docs/sessions.md).
import type { Usage } from './chat.ts';
import { getJson, postJson, request } from './http.ts';

export interface Session {
  session_id: string;
  title: string;
  system: string;
  used_at: number; // seconds since 1970
  num_turns: number;
}

export interface Turn {
  turn: number;
  messages: { role: string; content: string }[];
  response: string;
  finish_reason: string;
  usage: Usage;
}

interface Page {
  sessions: Session[];
  has_more: boolean;
}

// More than a person looks through; the list says when there are more.
const maxListed = 1000;

// The newest use first. The server lists by id, so all pages are read.
export async function listSessions(): Promise<{ sessions: Session[]; hasMore: boolean }> {
  const sessions: Session[] = [];
  let after = '';
  for (;;) {
    const page = await getJson<Page>(`/sessions?limit=100${after && `&after=${encodeURIComponent(after)}`}`);
    sessions.push(...page.sessions);
    const last = page.sessions.at(-1);
    if (!page.has_more || !last || sessions.length >= maxListed) {
      sessions.sort((a, b) => b.used_at - a.used_at);
      return { sessions, hasMore: page.has_more };
    }
    after = last.session_id;
  }
}

export const createSession = (title: string, system: string) => postJson<Session>('/sessions', { title, system });

export const readSession = (id: string) =>
  getJson<Session & { turns: Turn[] }>(`/sessions/${encodeURIComponent(id)}`);

export async function deleteSession(id: string): Promise<void> {
  await request(`/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
}
