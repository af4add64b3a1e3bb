// The page's frame: conversations at the left, the view in the middle, preset, parameters and live numbers at the right.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { health, lookNow } from './state/live.ts';
import { isKeyWanted } from './state/settings.ts';
import { drawer, view, type Drawer } from './state/view.ts';
import { IconButton } from './ui/icons.tsx';
import { LivePanel } from './ui/live_panel.tsx';
import { Parameters } from './ui/parameters.tsx';
import { PresetPicker } from './ui/preset_picker.tsx';
import { Sheets } from './ui/sheets.tsx';
import { Sidebar } from './ui/sidebar.tsx';
import { TopBar } from './ui/top_bar.tsx';
import { useMedia } from './ui/use_media.ts';
import { ChatView } from './views/chat_view.tsx';
import { CompareView } from './views/compare_view.tsx';
import { TokenView } from './views/token_view.tsx';
import { words } from './words/words.ts';

// Where each side column stops being a column and becomes a drawer; page.css has the same widths.
const narrow = { conversations: '(max-width: 820px)', panel: '(max-width: 1180px)' };

interface SideProps {
  which: Exclude<Drawer, null>;
  label: string;
  children: ComponentChildren;
}

// A closed drawer is out of reach of the keyboard, too.
function Side({ which, label, children }: SideProps) {
  const element = useRef<HTMLElement>(null);
  const isDrawer = useMedia(narrow[which]);
  const isOpen = drawer.value === which;
  const isHidden = isDrawer && !isOpen;
  useEffect(() => { if (isDrawer && isOpen) element.current!.focus(); }, [isDrawer, isOpen]);
  return (
    <aside ref={element} class={`side ${which} ${isOpen ? 'open' : ''}`} aria-label={label} inert={isHidden} tabIndex={-1}>
      {isDrawer && <div class="row end"><IconButton icon="close" label={words.value.close} onClick={() => (drawer.value = null)} /></div>}
      {!isHidden && children}
    </aside>
  );
}

function StatusBanner() {
  const text = words.value;
  if (health.value === 'unknown' || health.value === 'healthy') return null;
  return (
    <div class={`banner ${health.value}`} role="status">
      {text[health.value]}
      {health.value === 'locked' && (
        <button type="button" class="button" onClick={() => (isKeyWanted.value = true)}>{text.enterKey}</button>
      )}
      {health.value === 'away' && <button type="button" class="button" onClick={lookNow}>{text.retryNow}</button>}
    </div>
  );
}

const views = { chat: ChatView, compare: CompareView, tokens: TokenView };

export function App() {
  const text = words.value;
  const View = views[view.value];
  const hasPanel = view.value !== 'compare'; // which takes the presets as they are
  return (
    <div class={`app ${hasPanel ? '' : 'no-panel'}`}>
      <Side which="conversations" label={text.conversations}><Sidebar /></Side>
      <main class="main">
        <TopBar />
        <StatusBanner />
        <View />
      </main>
      {hasPanel && (
        <Side which="panel" label={text.parameters}>
          <div class="grows scrolls">
            <PresetPicker />
            <Parameters />
          </div>
          <LivePanel />
        </Side>
      )}
      {drawer.value && <div class="veil" onClick={() => (drawer.value = null)} />}
      <Sheets />
    </div>
  );
}
