import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { parseSync } from 'vite';

/**
 * VitePress wants to know below which path of a server its pages will lie. These shall work below
 * any, so it is told a name that stands nowhere else, and what it made is rewritten: HTML and CSS
 * by relative paths, scripts by a path that the page finds out when it is opened.
 */
export const BASE = '/metaplastic-base/';

/** What a page's own script calls the path below which the site lies. */
const FOUND = 'globalThis.__SITE_BASE__';

/** Rewrites everything that was built into a folder. */
export function makeRelative(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const rewrite = REWRITES.find(([name]) => name.test(file))?.[1];
    if (!rewrite) continue;
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    if (text.includes(BASE.slice(0, -1))) writeFileSync(path, rewrite(text, upFrom(file)));
  }
}

type Rewrite = (text: string, up: string) => string;

const REWRITES: readonly (readonly [RegExp, Rewrite])[] = [
  [/\.html$/, html],
  [/\.css$/, (text, up) => text.replaceAll(BASE, up)],
  [/\.js$/, script],
];

/** The way from a file to the folder of the site. */
const upFrom = (file: string): string => '../'.repeat(file.split(sep).length - 1) || './';

/**
 * A page finds the site's path from its own address. Its links are made absolute before VitePress
 * takes over, which keeps them while it goes from page to page.
 */
function html(text: string, up: string): string {
  const find = `<script>${FOUND} = new URL(${JSON.stringify(up)}, location.href).pathname</script>`;
  const settle = `<script>
for (const link of document.querySelectorAll('a[href^="."]')) link.href = link.pathname + link.hash;
for (const image of document.querySelectorAll('img[src^="."]')) image.src = image.src;
</script>`;
  const named = new RegExp(`JSON\\.parse\\(("(?:[^"\\\\]|\\\\.)*")\\)|${BASE}`, 'g');
  return text
    .replace(named, (whole, json?: string) => {
      if (json === undefined) return up;
      return json.includes(BASE) ? `JSON.parse(${whenRun(json)})` : whole;
    })
    .replace('<head>', () => `<head>\n    ${find}`)
    .replace('</body>', () => `${settle}</body>`);
}

/** A text of a script with the path that the page has found; the name is not spelt out again. */
const whenRun = (literal: string): string =>
  `(${literal}).replaceAll("/metaplastic"+"-base/",${FOUND})`;

/** Every text of a script that names the path gets it when the script runs. */
function script(text: string): string {
  const literals: Node[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return undefined;
    const { type, start, end } = node as Node;
    const isText = type === 'Literal' || type === 'TemplateLiteral';
    if (isText && text.slice(start, end).includes(BASE)) literals.push(node as Node);
    else Object.values(node).forEach(visit);
    return undefined;
  };
  visit(parseSync('page.js', text).program);
  return literals
    .sort((a, b) => b.start - a.start)
    .reduce(
      (made, { start, end }) =>
        made.slice(0, start) + whenRun(made.slice(start, end)) + made.slice(end),
      text,
    );
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}
