// Copies a text and says so for a moment.
import { useState } from 'preact/hooks';
import { words } from '../words/words.ts';
import { Icon } from './icons.tsx';

const shownMs = 1600;

// Pages over plain HTTP from another machine have no clipboard API; a selection and the old command do.
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'off-screen';
  document.body.append(field);
  field.select();
  document.execCommand('copy');
  field.remove();
}

export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text());
    setCopied(true);
    setTimeout(() => setCopied(false), shownMs);
  };
  const shown = isCopied ? words.value.copied : label;
  return (
    <button type="button" class="quiet-button" aria-label={shown} title={shown} onClick={() => void copy()}>
      <Icon name={isCopied ? 'check' : 'copy'} />
    </button>
  );
}
