// KaTeX, loaded with the first formula. It builds elements and sets their styles one by one, so it needs neither HTML
// from text nor style attributes.
import katex from 'katex';

// A formula that cannot be read stays as it was written.
export function drawFormula(element: HTMLElement, isDisplay: boolean): void {
  const source = element.textContent ?? '';
  try {
    katex.render(source, element, {
      displayMode: isDisplay, throwOnError: true, trust: false, strict: 'ignore', maxExpand: 200, maxSize: 50,
    });
  } catch {
    element.textContent = source;
    element.classList.add('formula-broken');
  }
}
