// The conversations that the server keeps, newest use first.
import { useState } from 'preact/hooks';
import type { Session } from '../api/sessions.ts';
import { sessionId } from '../state/conversation.ts';
import { areKept, hasMoreSessions, removeSession, sessions } from '../state/session_list.ts';
import { sheet, showNewChat, showSession, view } from '../state/view.ts';
import { language } from '../state/settings.ts';
import { words } from '../words/words.ts';
import { Icon, IconButton } from './icons.tsx';

const daySeconds = 86_400;

function when(seconds: number): string {
  const date = new Date(seconds * 1000);
  const isRecent = Date.now() / 1000 - seconds < daySeconds;
  const form: Intl.DateTimeFormatOptions = isRecent ? { hour: '2-digit', minute: '2-digit' } : { month: 'short', day: 'numeric' };
  return new Intl.DateTimeFormat(language.value === 'zh' ? 'zh-CN' : 'en', form).format(date);
}

function Row({ session }: { session: Session }) {
  const [isAsking, setAsking] = useState(false);
  const text = words.value;
  const id = session.session_id;
  const isOpen = view.value === 'chat' && sessionId.value === id;
  const remove = async () => {
    await removeSession(id).catch(() => setAsking(false));
    if (isOpen) showNewChat();
  };
  if (isAsking) {
    return (
      <li class="session asking">
        <p>{text.removeQuestion}</p>
        <div class="row end">
          <button type="button" class="button" onClick={() => setAsking(false)}>{text.cancel}</button>
          <button type="button" class="button danger" onClick={() => void remove()}>{text.remove}</button>
        </div>
      </li>
    );
  }
  return (
    <li class="session">
      <a href={`#/c/${id}`} aria-current={isOpen ? 'page' : undefined} onClick={(event) => { event.preventDefault(); showSession(id); }}>
        <span class="session-title">{session.title || text.untitled}</span>
        <span class="session-facts">{text.turns(session.num_turns)} · {when(session.used_at)}</span>
      </a>
      <IconButton icon="trash" label={`${text.remove}: ${session.title || text.untitled}`} onClick={() => setAsking(true)} />
    </li>
  );
}

function SessionList() {
  const text = words.value;
  if (areKept.value === false) return <p class="muted padded">{text.notKept}</p>;
  if (areKept.value && !sessions.value.length) return <p class="muted padded">{text.noConversations}</p>;
  return (
    <>
      <ul class="sessions">{sessions.value.map((session) => <Row key={session.session_id} session={session} />)}</ul>
      {hasMoreSessions.value && <p class="muted padded">{text.moreConversations}</p>}
    </>
  );
}

export function Sidebar() {
  const text = words.value;
  return (
    <>
      <button type="button" class="button wide" title="Ctrl+K" onClick={showNewChat}>
        <Icon name="plus" />{text.newChat}
      </button>
      <nav class="grows scrolls" aria-label={text.conversations}><SessionList /></nav>
      <div class="row sidebar-foot">
        <IconButton icon="gear" label={text.settings} onClick={() => (sheet.value = 'settings')} />
        <IconButton icon="help" label={text.help} onClick={() => (sheet.value = 'help')} />
      </div>
    </>
  );
}
