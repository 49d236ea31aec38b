import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type DefaultTheme } from 'vitepress';
import { BASE, makeRelative } from './relative.js';
import { linkOf } from './links.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const { version, description } = JSON.parse(readFileSync(here('../../package.json'), 'utf8')) as {
  version: string;
  description: string;
};

/** The pages that TypeDoc made of a folder of the API, in alphabetical order. */
function pagesOf(folder: string): DefaultTheme.SidebarItem[] {
  const path = here(`../reference/api/${folder}`);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter(file => file.endsWith('.md'))
    .map(file => file.slice(0, -3))
    .sort((a, b) => a.localeCompare(b))
    .map(name => ({ text: name, link: `/reference/api/${folder}/${name}` }));
}

/** What TypeDoc tells apart within a module. */
const KINDS = {
  functions: 'Functions',
  classes: 'Classes',
  interfaces: 'Interfaces',
  'type-aliases': 'Types',
  variables: 'Constants',
};

const moduleOf = (folder: string, text: string): DefaultTheme.SidebarItem => ({
  text,
  collapsed: true,
  link: `/reference/api/${folder}/`,
  items: Object.entries(KINDS)
    .map(([kind, text]) => ({ text, collapsed: true, items: pagesOf(`${folder}/${kind}`) }))
    .filter(({ items }) => items.length > 0),
});

const SIDEBAR: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      { text: 'Install and run', link: '/start' },
      { text: 'Where it runs', link: '/runtimes' },
      { text: 'Errors at the start', link: '/errors' },
      { text: 'Ideas', link: '/ideas' },
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'A task of your own', link: '/guides/task' },
      { text: 'A rule of your own', link: '/guides/rule' },
      { text: 'Your own images', link: '/guides/images' },
      { text: 'A life that goes on', link: '/guides/life' },
      { text: 'Adjoint and memory', link: '/guides/adjoint' },
      { text: 'Watching a meta-training', link: '/guides/validate' },
      { text: 'Reading a report', link: '/guides/report' },
      { text: 'Metrics', link: '/guides/metrics' },
      { text: 'A sweep as one meta-batch', link: '/guides/sweep' },
      { text: 'On a device that others use', link: '/guides/device' },
      { text: 'In a worker', link: '/guides/worker' },
      { text: 'From PyTorch and JAX', link: '/guides/pytorch' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Options', link: '/options' },
      { text: 'Command line', link: '/reference/cli' },
      { text: 'Files', link: '/files' },
      { text: 'Rules as text', link: '/rules' },
      { text: 'Conventions', link: '/conventions' },
      { text: 'Real data', link: '/data' },
      moduleOf('metaplastic', 'metaplastic'),
      moduleOf('node', 'metaplastic/node'),
      moduleOf('report', 'metaplastic/report'),
      moduleOf('bench', 'metaplastic/bench'),
      moduleOf('symbols', 'metaplastic/symbols'),
    ],
  },
  {
    text: 'Evidence',
    items: [
      { text: 'Results', link: '/results' },
      { text: 'Benchmarks', link: '/benchmarks' },
      { text: 'Papers', link: '/papers' },
    ],
  },
  {
    text: 'For contributors',
    collapsed: true,
    items: [
      { text: 'Contributing', link: '/contributing' },
      { text: 'Architecture', link: '/architecture' },
      { text: 'Facts that cost an hour', link: '/facts' },
      { text: 'The gallery', link: '/demos' },
      { text: 'Releases', link: '/release' },
      { text: 'Changelog', link: '/changelog' },
    ],
  },
];

/**
 * The site of the documentation: static, for any folder of any server (`relative.ts`). A link to a
 * page that is not there ends the build.
 */
export default defineConfig({
  title: 'metaplastic',
  description,
  base: BASE,
  outDir: here('../site'),
  cacheDir: here('../.vitepress/cache'),
  srcExclude: ['**/README.md', 'node_modules/**', 'site/**'],
  cleanUrls: false,
  router: { prefetchLinks: false },
  lastUpdated: false,
  ignoreDeadLinks: false,
  head: [
    ['link', { rel: 'icon', href: `${BASE}icon.svg`, type: 'image/svg+xml' }],
    ['meta', { property: 'og:type', content: 'website' }],
    ['meta', { property: 'og:title', content: 'metaplastic' }],
    ['meta', { property: 'og:description', content: description }],
  ],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languageAlias: { mjs: 'js' },
    attrs: { disable: true }, // braces in a text are braces
    config: md => {
      // what is indented is code as well, and gets the same frame
      md.renderer.rules.code_block = (tokens, index, options, env, self) => {
        tokens[index]!.info = 'txt';
        return md.renderer.rules.fence!(tokens, index, options, env, self);
      };
      const render = md.renderer.rules.link_open!;
      md.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const token = tokens[index]!;
        token.attrSet('href', linkOf(token.attrGet('href')!, env.relativePath as string));
        return render(tokens, index, options, env, self);
      };
    },
  },
  themeConfig: {
    logo: '/icon.svg',
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Ideas', link: '/ideas' },
      { text: 'Guides', link: '/guides/task' },
      { text: 'Reference', link: '/options' },
      { text: 'Gallery', link: '/gallery/index.html', target: '_self' },
      { text: version, link: '/changelog' },
    ],
    sidebar: SIDEBAR,
    socialLinks: [{ icon: 'npm', link: 'https://www.npmjs.com/package/metaplastic' }],
    footer: {
      message:
        'Everything on these pages runs on your own machine; nothing is sent anywhere. MIT licence.',
    },
  },
  buildEnd: ({ outDir }) => makeRelative(outDir),
});
