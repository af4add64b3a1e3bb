// LaTeX in Markdown: $…$ and \(…\) in a line, $$…$$ and \[…\] also over several lines. The rules make elements that hold
// the source; drawing them is for later (draw.ts), when KaTeX is there.
import type { MarkdownIt, StateBlock, StateInline } from 'markdown-it';

interface Fence {
  open: string;
  close: string;
  isDisplay: boolean;
}

const fences: Fence[] = [
  { open: '$$', close: '$$', isDisplay: true },
  { open: '\\[', close: '\\]', isDisplay: true },
  { open: '\\(', close: '\\)', isDisplay: false },
  { open: '$', close: '$', isDisplay: false },
];

const fenceAt = (text: string, at: number) => fences.find(({ open }) => text.startsWith(open, at));

// "costs $5 and $6" has no formula: the signs of one touch it, and no digit follows.
const isMoney = (source: string, after: string | undefined) =>
  /^\s|\s$/.test(source) || /\d/.test(after ?? '');

// Where the formula ends: before the first close that is not escaped. -1 if it does not.
function findClose(text: string, from: number, close: string): number {
  for (let at = text.indexOf(close, from); at >= 0; at = text.indexOf(close, at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') ++escapes;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}

function inlineFormula(state: StateInline, silent: boolean): boolean {
  const fence = fenceAt(state.src, state.pos);
  if (!fence) return false;
  const begin = state.pos + fence.open.length;
  const end = findClose(state.src, begin, fence.close);
  const source = state.src.slice(begin, end);
  if (end < 0 || !source.trim()) return false;
  if (fence.open === '$' && isMoney(source, state.src[end + 1])) return false;
  if (!silent) push(state, source, fence.isDisplay);
  state.pos = end + fence.close.length;
  return true;
}

function push(state: StateInline | StateBlock, source: string, isDisplay: boolean) {
  const token = state.push('formula', '', 0);
  token.content = source.trim();
  token.info = isDisplay ? 'display' : 'inline';
  return token;
}

// A paragraph that is one display formula, and may have empty lines inside.
function blockFormula(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const begin = state.bMarks[startLine]! + state.tShift[startLine]!;
  const fence = fenceAt(state.src, begin);
  if (!fence?.isDisplay) return false;
  const limit = state.eMarks[endLine - 1]!;
  const end = findClose(state.src.slice(0, limit), begin + 2, fence.close);
  if (end < 0) return false;
  let line = startLine;
  while (state.eMarks[line]! < end) ++line;
  const isAlone = !state.src.slice(end + 2, state.eMarks[line]).trim();
  if (!isAlone || silent) return isAlone;
  push(state, state.src.slice(begin + 2, end), true).map = [startLine, line + 1];
  state.line = line + 1;
  return true;
}

export function addFormulas(parser: MarkdownIt): void {
  parser.inline.ruler.before('escape', 'formula', inlineFormula);
  parser.block.ruler.before('fence', 'formula', blockFormula, { alt: ['paragraph', 'reference', 'blockquote', 'list'] });
  parser.renderer.rules['formula'] = (tokens, index) => {
    const { content, info } = tokens[index]!;
    return `<span class="formula formula-${info}">${parser.utils.escapeHtml(content)}</span>`;
  };
}
