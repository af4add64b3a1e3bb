// The conversations that the server keeps.
import { signal } from '@preact/signals';
import { asApiError } from '../api/http.ts';
import { deleteSession, listSessions, type Session } from '../api/sessions.ts';

export const sessions = signal<Session[]>([]);
export const hasMoreSessions = signal(false);
// Null until the server has said whether it keeps any.
export const areKept = signal<boolean | null>(null);

export async function refreshSessions(): Promise<void> {
  try {
    const { sessions: listed, hasMore } = await listSessions();
    sessions.value = listed;
    hasMoreSessions.value = hasMore;
    areKept.value = true;
  } catch (error) {
    const { code, status } = asApiError(error);
    if (code === 'unknown_path') areKept.value = false;
    if (status === 401) throw error;
  }
}

export async function removeSession(id: string): Promise<void> {
  await deleteSession(id);
  sessions.value = sessions.value.filter(({ session_id }) => session_id !== id);
}
