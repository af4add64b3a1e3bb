// The two sheets over the page: settings and help. A <dialog> keeps the focus inside and closes with Esc by itself.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { lookNow } from '../state/live.ts';
import { apiKey, isKeyWanted, language, theme, type Language, type Theme } from '../state/settings.ts';
import { sheet } from '../state/view.ts';
import { words } from '../words/words.ts';
import { IconButton } from './icons.tsx';

interface SheetProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

function Sheet({ title, onClose, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog
      ref={dialog} class="sheet" aria-label={title} onClose={onClose}
      onClick={(event) => { if (event.target === event.currentTarget) event.currentTarget.close(); }}
    >
      <div class="sheet-body">
        <div class="row section-head">
          <h2>{title}</h2>
          <IconButton icon="close" label={words.value.close} onClick={() => dialog.current!.close()} />
        </div>
        {children}
      </div>
    </dialog>
  );
}

function KeyField({ onSave }: { onSave: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const text = words.value;
  const save = (event: Event) => {
    event.preventDefault();
    apiKey.value = field.current!.value.trim();
    onSave();
    lookNow();
  };
  return (
    <form class="key-form" onSubmit={save}>
      <label for="key">{text.key}</label>
      <div class="row">
        <input id="key" ref={field} type="password" autocomplete="off" spellcheck={false} defaultValue={apiKey.value} aria-describedby="key-hint" />
        <button type="submit" class="button primary">{text.save}</button>
      </div>
      <p class="hint" id="key-hint">{text.keyHint}</p>
    </form>
  );
}

interface ChoiceProps<T extends string> {
  legend: string;
  name: string;
  value: T;
  options: [T, string][];
  onChange: (value: T) => void;
}

function Choice<T extends string>({ legend, name, value, options, onChange }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      <div class="segments">
        {options.map(([option, label]) => (
          <label key={option}>
            <input type="radio" name={name} checked={value === option} onChange={() => onChange(option)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function SettingsSheet({ onClose }: { onClose: () => void }) {
  const text = words.value;
  const themes = Object.entries(text.themes) as [Theme, string][];
  const languages: [Language, string][] = [['zh', '中文'], ['en', 'English']];
  return (
    <Sheet title={text.settings} onClose={onClose}>
      <Choice legend={text.language} name="language" value={language.value} options={languages} onChange={(value) => (language.value = value)} />
      <Choice legend={text.theme} name="theme" value={theme.value} options={themes} onChange={(value) => (theme.value = value)} />
      <KeyField onSave={onClose} />
    </Sheet>
  );
}

function HelpSheet({ onClose }: { onClose: () => void }) {
  const text = words.value;
  return (
    <Sheet title={text.help} onClose={onClose}>
      <dl class="keys">
        {text.keys.map(([key, use]) => (
          <div key={key}><dt><kbd>{key}</kbd></dt><dd>{use}</dd></div>
        ))}
      </dl>
      <p class="muted">{text.helpText}</p>
    </Sheet>
  );
}

function KeySheet() {
  const close = () => (isKeyWanted.value = false);
  return (
    <Sheet title={words.value.keyWanted} onClose={close}>
      <KeyField onSave={close} />
    </Sheet>
  );
}

export function Sheets() {
  const close = () => (sheet.value = null);
  if (isKeyWanted.value) return <KeySheet />;
  if (sheet.value === 'settings') return <SettingsSheet onClose={close} />;
  return sheet.value === 'help' ? <HelpSheet onClose={close} /> : null;
}
