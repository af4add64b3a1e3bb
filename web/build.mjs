// Builds the web page: node build.mjs FOLDER. The page and its assets come to lie in FOLDER/site, as a browser asks for
// them, and as a C++ source of the program in FOLDER/page_files.cpp.
//
// Names of assets have a hash of their content, so that browsers may keep them for ever. What only some answers need
// (formulas, colours of code) are pieces of their own, which the page loads when the first of them comes.
import { build } from 'esbuild';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embed } from './embed.mjs';

const sources = fileURLToPath(new URL('./src/', import.meta.url));
const target = ['chrome111', 'edge111', 'firefox115', 'safari16.4'];

// Every browser of the last ten years reads woff2; KaTeX names older formats beside it.
const onlyWoff2 = {
  name: 'only-woff2',
  setup({ onLoad }) {
    onLoad({ filter: /katex.*\.css$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\([^)]*\)/g, ''),
      loader: 'css',
    }));
  },
};

// KaTeX gives some elements a style attribute, which the content security policy refuses. The same style, set through
// the element's own object (CSSOM), is the page's doing and allowed.
const styleAttribute = /node\.setAttribute\(attr, ((?:this\.attributes\[attr\]|value))\);/g;
const stylesByObject = {
  name: 'styles-by-object',
  setup({ onLoad }) {
    onLoad({ filter: /katex\.mjs$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      if (source.match(styleAttribute)?.length !== 4) throw new Error(`${path} sets its attributes in another way now`);
      return {
        contents: source.replace(styleAttribute,
          "if (attr === 'style') node.style.cssText = $1; else node.setAttribute(attr, $1);"),
        loader: 'js',
      };
    });
  },
};

async function bundle(entryPoints, assets, settings) {
  const result = await build({
    absWorkingDir: sources,
    entryPoints,
    outdir: assets,
    bundle: true,
    minify: true,
    target,
    charset: 'utf8',
    legalComments: 'none',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.woff2': 'file', '.svg': 'file' },
    metafile: true,
    logLevel: 'warning',
    ...settings,
  });
  const urls = {};
  for (const [path, output] of Object.entries(result.metafile.outputs)) {
    if (output.entryPoint) urls[output.entryPoint] = `/assets/${basename(path)}`;
  }
  return urls;
}

async function buildSite(site) {
  const assets = join(site, 'assets');
  await rm(site, { recursive: true, force: true });
  await mkdir(assets, { recursive: true });
  const styles = await bundle(['styles/page.css', 'styles/formulas.css'], assets, { plugins: [onlyWoff2] });
  const icon = await bundle(['icon.svg'], assets, { loader: { '.svg': 'copy' } });
  const scripts = await bundle(['main.tsx', 'first_paint.ts'], assets, {
    format: 'esm',
    splitting: true,
    plugins: [stylesByObject],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { FORMULA_STYLES: JSON.stringify(styles['styles/formulas.css']) },
  });
  const urls = { ...styles, ...icon, ...scripts };
  const page = await readFile(join(sources, 'index.html'), 'utf8');
  await writeFile(join(site, 'index.html'), page.replace(/%([\w./]+)%/g, (_, name) => {
    if (!urls[name]) throw new Error(`index.html names ${name}, which was not built`);
    return urls[name];
  }));
}

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node build.mjs FOLDER');
  process.exit(2);
}
await mkdir(folder, { recursive: true });
await buildSite(join(folder, 'site'));
await embed(join(folder, 'site'), folder);
