// The three views, and the two drawers of narrow screens.
import { isDark, language, theme } from '../state/settings.ts';
import { drawer, show, view, type Drawer, type View } from '../state/view.ts';
import { modelName } from '../state/live.ts';
import { words } from '../words/words.ts';
import { IconButton } from './icons.tsx';

const toggle = (which: Drawer) => (drawer.value = drawer.value === which ? null : which);

function Tabs() {
  const text = words.value;
  const tabs: [View, string][] = [['chat', text.chat], ['compare', text.compare], ['tokens', text.tokens]];
  return (
    <nav class="tabs" aria-label="Youtu">
      {tabs.map(([name, label]) => (
        <button type="button" key={name} aria-current={view.value === name ? 'page' : undefined} onClick={() => show(name)}>
          {label}
        </button>
      ))}
    </nav>
  );
}

export function TopBar() {
  const text = words.value;
  const isChinese = language.value === 'zh';
  return (
    <header class="top-bar">
      <IconButton class="opens-conversations" icon="menu" label={text.menu} onClick={() => toggle('conversations')} />
      <h1 class="model-name" title={modelName.value}>{modelName.value || 'Youtu'}</h1>
      <Tabs />
      <div class="row">
        <button
          type="button" class="icon-button language" lang={isChinese ? 'en' : 'zh-Hans'}
          title={isChinese ? 'English' : '中文'}
          onClick={() => (language.value = isChinese ? 'en' : 'zh')}
        >
          {isChinese ? 'EN' : '中文'}
        </button>
        <IconButton
          class="changes-theme" icon={isDark.value ? 'sun' : 'moon'} label={isDark.value ? text.themes.light : text.themes.dark}
          onClick={() => (theme.value = isDark.value ? 'light' : 'dark')}
        />
        <IconButton class="opens-panel" icon="sliders" label={text.parameters} onClick={() => toggle('panel')} />
      </div>
    </header>
  );
}
