// Cuts a growing Markdown text into its top-level blocks, so that each piece of an answer that is written is drawn once
// and not again with every token.
import { parser } from './markdown.ts';

// The blocks of a whole text.
export function splitBlocks(text: string): string[] {
  const starts = blockStarts(text);
  const lines = text.split('\n');
  return starts.map((start, i) => lines.slice(start, starts[i + 1]).join('\n'));
}

// The first lines of the top-level blocks; what stands before the first one belongs to it.
function blockStarts(text: string): number[] {
  const starts: number[] = [];
  for (const token of parser.parse(text, {})) {
    if (token.level === 0 && token.nesting >= 0 && token.map) starts.push(token.map[0]);
  }
  if (starts.length) starts[0] = 0;
  return starts;
}

// A later line can still change the last block, and even join it to the one before ("2" is a paragraph, "2. x" one more
// item of the list above). Everything before those two is settled: it is neither read nor drawn again.
export class GrowingBlocks {
  private settled: string[] = [];
  private tail = '';
  private seen = '';

  // REQUIRES: the text begins with the one of the last call; else everything begins anew.
  update(text: string): string[] {
    if (!text.startsWith(this.seen)) {
      this.settled = [];
      this.tail = this.seen = '';
    }
    this.tail += text.slice(this.seen.length);
    this.seen = text;
    const blocks = splitBlocks(this.tail);
    if (blocks.length > 2) {
      this.settled.push(...blocks.slice(0, -2));
      this.tail = blocks.slice(-2).join('\n');
    }
    return [...this.settled, ...blocks.slice(-2)];
  }
}
