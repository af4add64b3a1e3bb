// An answer's text. Only blocks that have changed are drawn, so the beginning of a long answer stands still while its
// end is written.
import { render } from 'preact';
import { memo } from 'preact/compat';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { GrowingBlocks, splitBlocks } from '../text/blocks.ts';
import { drawParts, languageOf } from '../text/draw.ts';
import { toElements } from '../text/markdown.ts';
import { words } from '../words/words.ts';
import { CopyButton } from './copy_button.tsx';

// A bar over each piece of code: its language, and a button that copies it.
function addCodeBars(root: HTMLElement): void {
  for (const code of root.querySelectorAll('pre > code')) {
    const pre = code.parentElement!;
    const frame = document.createElement('div');
    frame.className = 'code-frame';
    pre.replaceWith(frame);
    pre.tabIndex = 0; // it scrolls sideways, also by keyboard
    const bar = document.createElement('div');
    bar.className = 'code-bar';
    frame.append(bar, pre);
    const copy = <CopyButton label={words.value.copyCode} text={() => code.textContent ?? ''} />;
    render(<><span>{languageOf(code)}</span>{copy}</>, bar);
  }
}

// Tables are wider than a phone: they scroll in a frame of their own.
function frameTables(root: HTMLElement): void {
  for (const table of root.querySelectorAll('table')) {
    const frame = document.createElement('div');
    frame.className = 'table-frame';
    frame.tabIndex = 0;
    table.replaceWith(frame);
    frame.append(table);
  }
}

function BlockView({ source }: { source: string }) {
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = root.current!;
    element.replaceChildren(toElements(source));
    addCodeBars(element);
    frameTables(element);
    drawParts(element);
  }, [source]);
  return <div class="block" ref={root} />;
}

const Block = memo(BlockView);

export function MarkdownView({ text, isGrowing }: { text: string; isGrowing: boolean }) {
  const growing = useRef(new GrowingBlocks());
  const blocks = useMemo(() => (isGrowing ? growing.current.update(text) : splitBlocks(text)), [text, isGrowing]);
  return (
    <div class="markdown">
      {blocks.map((source, index) => <Block key={index} source={source} />)}
    </div>
  );
}
