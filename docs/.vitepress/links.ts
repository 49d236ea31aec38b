import { posix } from 'node:path';

/** Files of the project outside of docs/ that a page shows, and which page that is. */
const SHOWN: Readonly<Record<string, string>> = {
  'README.md': 'start.md',
  'CHANGELOG.md': 'changelog.md',
  'CONTRIBUTING.md': 'contributing.md',
  'bench/README.md': 'benchmarks.md',
  'demos/README.md': 'demos.md',
};

/** Where the other files of the project can be read: the package's own files at npm. */
const CODE = 'https://www.npmjs.com/package/metaplastic?activeTab=code';

/** Where a page's text lies within the project. */
const sourceOf = (page: string): string =>
  Object.entries(SHOWN).find(([file, shownBy]) => shownBy === page && file !== 'README.md')?.[0] ??
  `docs/${page}`;

/**
 * A link as a page of the site has it. Texts link each other as files of the project, so that they
 * also work where they stand: what leaves docs/ leads to the page that shows it, or to the code.
 */
export function linkOf(href: string, page: string): string {
  if (/^(?:[a-z]+:|#|\/)/.test(href)) return href;
  const [path, anchor] = href.split('#') as [string, string?];
  const file = posix.join(posix.dirname(sourceOf(page)), path);
  const target = SHOWN[file] ?? (file.startsWith('docs/') ? file.slice('docs/'.length) : undefined);
  if (target === undefined) return CODE;
  const relative = posix.relative(posix.dirname(page), target);
  return `./${relative}${anchor === undefined ? '' : `#${anchor}`}`;
}
