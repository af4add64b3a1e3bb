// Which view is shown. It stands in the address behind '#', so that a reload and the back button keep it.
import { effect, signal } from '@preact/signals';
import { open, sessionId, startNew } from './conversation.ts';

export type View = 'chat' | 'compare' | 'tokens';
export type Drawer = 'conversations' | 'panel' | null;
export type Sheet = 'help' | 'settings' | null;

export const view = signal<View>('chat');
export const drawer = signal<Drawer>(null); // on screens too narrow for all three columns
export const sheet = signal<Sheet>(null);

const addressOf = (shown: View, id: string | null) => (shown === 'chat' ? (id ? `#/c/${id}` : '#/') : `#/${shown}`);

function readAddress(): void {
  const [, first, id] = location.hash.split('/');
  view.value = first === 'compare' || first === 'tokens' ? first : 'chat';
  if (first === 'c' && id) void open(decodeURIComponent(id));
  else if (view.value === 'chat' && sessionId.peek()) startNew();
}

export function startRouting(): void {
  readAddress();
  addEventListener('hashchange', readAddress);
  effect(() => {
    const address = addressOf(view.value, sessionId.value);
    if (location.hash !== address) history.pushState(null, '', address);
  });
}

export function show(next: View): void {
  view.value = next;
  drawer.value = null;
}

export function showNewChat(): void {
  startNew();
  show('chat');
  queueMicrotask(focusQuestion);  // another view's field has given way to the chat's by then, and no key comes before
}

export function showSession(id: string): void {
  void open(id);
  show('chat');
}

// At once: on a busy machine the reader's next key comes before the next frame.
export function focusQuestion(): void {
  document.querySelector<HTMLTextAreaElement>('textarea[data-question]')?.focus();
}
