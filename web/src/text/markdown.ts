// Markdown to elements. What a model writes is hostile until shown otherwise: raw HTML is text, what is left goes through
// DOMPurify with a short list of what may stay, links lead to the web and open elsewhere, and images are links, so that
// looking at an answer asks no other server for anything.
import DOMPurify from 'dompurify';
import MarkdownIt from 'markdown-it';
import { addFormulas } from './formulas.ts';

export const parser = new MarkdownIt({ html: false, linkify: true, breaks: true });
addFormulas(parser);

// "example.cn" in a sentence is a link only where it says so: file names look the same.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

parser.renderer.rules['image'] = (tokens, index) => {
  const token = tokens[index]!;
  const { escapeHtml } = parser.utils;
  const url = String(token.attrGet('src') ?? '');
  return `<a class="image-link" href="${escapeHtml(url)}">${escapeHtml(token.content || url)}</a>`;
};

const allowed = {
  ALLOWED_TAGS: [
    'a', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'li', 'ol', 'p', 'pre', 's',
    'span', 'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul',
  ],
  ALLOWED_ATTR: ['class', 'href', 'start'],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

// Alignment of table columns comes as a style attribute, which the content security policy would refuse.
for (const cell of ['th_open', 'td_open']) {
  parser.renderer.rules[cell] = (tokens, index, options, _env, self) => {
    const token = tokens[index]!;
    const align = /text-align:(\w+)/.exec(String(token.attrGet('style') ?? ''))?.[1];
    token.attrs = align ? [['class', `align-${align}`]] : null;
    return self.renderToken(tokens, index, options);
  };
}

function openElsewhere(link: Element): void {
  if (!link.hasAttribute('href')) return;
  link.setAttribute('target', '_blank');
  link.setAttribute('rel', 'noopener noreferrer nofollow');
}

export function sanitize(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, { ...allowed, RETURN_DOM_FRAGMENT: true });
}

export function toElements(markdown: string): DocumentFragment {
  const elements = sanitize(parser.render(markdown));
  elements.querySelectorAll('a').forEach(openElsewhere);
  return elements;
}
