// The keys that work anywhere on the page. Sheets and fields come first: what they take does not arrive here.
import { stop } from './state/conversation.ts';
import { stopComparing } from './state/compare.ts';
import { stopTokenRun } from './state/token_run.ts';
import { drawer, focusQuestion, sheet, showNewChat, view } from './state/view.ts';

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('input:not([type=range], [type=radio], [type=checkbox]), textarea') !== null;

function escape(): void {
  if (drawer.peek()) {
    drawer.value = null;
    return;
  }
  ({ chat: stop, compare: stopComparing, tokens: stopTokenRun })[view.peek()]();
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  if (document.querySelector('dialog[open]')) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    showNewChat();
  } else if (event.key === 'Escape') {
    escape();
  } else if (!isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === '/') {
      event.preventDefault();
      focusQuestion();
    }
    if (event.key === '?') sheet.value = 'help';
  }
}

export const startKeyboard = () => addEventListener('keydown', onKeyDown);
