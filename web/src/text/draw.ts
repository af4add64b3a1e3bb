// What is done to an answer's elements when they are there: formulas are drawn and code gets its colours. Both come in
// pieces of the program that are loaded when the first answer needs them.
import { sanitize } from './markdown.ts';

// Longer code stays plain: colours would take longer than reading it begins.
const maxColoured = 50_000;

let formulas: Promise<typeof import('./katex_piece.ts')> | null = null;
let colours: Promise<typeof import('./highlight_piece.ts')> | null = null;

function loadFormulas() {
  if (formulas) return formulas;
  const styles = document.createElement('link');
  styles.rel = 'stylesheet';
  styles.href = FORMULA_STYLES;
  document.head.append(styles);
  formulas = import('./katex_piece.ts');
  return formulas;
}

async function drawFormulas(elements: HTMLElement[]): Promise<void> {
  const { drawFormula } = await loadFormulas();
  for (const element of elements) {
    if (element.dataset['drawn']) continue;
    element.dataset['drawn'] = 'yes';
    drawFormula(element, element.classList.contains('formula-display'));
  }
}

async function colourCode(elements: HTMLElement[]): Promise<void> {
  colours ??= import('./highlight_piece.ts');
  const { highlight } = await colours;
  for (const element of elements) {
    const source = element.textContent ?? '';
    if (element.dataset['drawn'] || source.length > maxColoured) continue;
    element.dataset['drawn'] = 'yes';
    const html = highlight(source, languageOf(element));
    if (html !== null) element.replaceChildren(sanitize(html));
  }
}

export function languageOf(code: Element): string {
  return /\blanguage-([\w+#.-]+)/.exec(code.className)?.[1]?.toLowerCase() ?? '';
}

// Where the pieces are loaded already nothing flickers: a promise that is kept runs before the next paint.
export function drawParts(root: HTMLElement): void {
  const pieces = [...root.querySelectorAll<HTMLElement>('.formula')];
  const codes = [...root.querySelectorAll<HTMLElement>('pre > code[class*="language-"]')];
  if (pieces.length) void drawFormulas(pieces);
  if (codes.length) void colourCode(codes);
}
