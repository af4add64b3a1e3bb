// Turns the built site into a C++ source: all files, plain and compressed, one after another in page_files.bin, which
// the assembler includes as it is, and a table of where each one lies (src/webpage/page_files.h).
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const contentTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

// Fonts are compressed already: nothing is kept that saves less than a twentieth.
function compressed(bytes, compress) {
  const smaller = compress(bytes);
  return smaller.length < bytes.length * 0.95 ? smaller : Buffer.alloc(0);
}

const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
const gzip = (bytes) => gzipSync(bytes, { level: 9 });

class Blob {
  pieces = [];
  size = 0;
  // Where the bytes lie, as C++.
  add(bytes) {
    const place = `{youtu_page_bytes + ${this.size}, ${bytes.length}}`;
    this.pieces.push(bytes);
    this.size += bytes.length;
    return bytes.length === 0 ? '{}' : place;
  }
}

function row(path, bytes, blob) {
  const type = contentTypes[path === '/' ? '.html' : extname(path)];
  if (!type) throw new Error(`${path} is of a kind that has no content type here`);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 20);
  const forms = [bytes, compressed(bytes, gzip), compressed(bytes, brotli)].map((form) => blob.add(form));
  return `    {"${path}", "${type}", "${hash}", ${forms.join(', ')}},`;
}

function source(rows, blobFile) {
  return `// Made by web/embed.mjs.
#include "webpage/page_files.h"

extern "C" const char youtu_page_bytes[];
asm(R"(
  .pushsection .rodata
  .global youtu_page_bytes
youtu_page_bytes:
  .incbin "${blobFile}"
  .byte 0
  .popsection
)");

namespace youtu {

std::span<const PageFile> page_files() {
  static const PageFile files[] = {
${rows.join('\n')}
  };
  return files;
}

}  // namespace youtu
`;
}

export async function embed(site, folder) {
  const blob = new Blob();
  const rows = [row('/', await readFile(join(site, 'index.html')), blob)];
  for (const name of (await readdir(join(site, 'assets'))).sort()) {
    rows.push(row(`/assets/${name}`, await readFile(join(site, 'assets', name)), blob));
  }
  const blobFile = join(folder, 'page_files.bin');
  await writeFile(blobFile, Buffer.concat(blob.pieces));
  await writeFile(join(folder, 'page_files.cpp'), source(rows, blobFile));
}
