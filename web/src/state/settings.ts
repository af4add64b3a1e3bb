// What the reader has chosen for all conversations: language, colours, key.
import { computed, effect, signal } from '@preact/signals';
import { stored } from './stored.ts';

export type Language = 'zh' | 'en';
export type Theme = 'system' | 'light' | 'dark';

const oneOf = (...values: unknown[]) => (value: unknown) => values.includes(value);

const browserLanguage = (): Language =>
  (navigator.languages ?? [navigator.language]).some((tag) => /^zh\b/i.test(tag)) ? 'zh' : 'en';

export const language = stored<Language>('language', browserLanguage(), oneOf('zh', 'en'));
export const theme = stored<Theme>('theme', 'system', oneOf('system', 'light', 'dark'));
export const apiKey = stored<string>('key', '', (value) => typeof value === 'string');
// The server has answered 401: the page asks for a key.
export const isKeyWanted = signal(false);

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(systemDark.matches);
systemDark.addEventListener('change', () => (isSystemDark.value = systemDark.matches));
export const isDark = computed(() => (theme.value === 'system' ? isSystemDark.value : theme.value === 'dark'));

effect(() => {
  const root = document.documentElement;
  root.lang = language.value === 'zh' ? 'zh-Hans' : 'en';
  if (theme.value === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme.value;
});
