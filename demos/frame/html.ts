import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const LANGUAGE = readFileSync(new URL('../../src/report/language.js', import.meta.url), 'utf8');

/** Where what is behind the pages can be read. Those of the documentation have a link to it, too. */
const LINKS = [
  ['Package', 'https://www.npmjs.com/package/metaplastic'],
  ['Code', 'https://www.npmjs.com/package/metaplastic?activeTab=code'],
  ['FLP (Lindsey & Litwin-Kumar 2020)', 'https://arxiv.org/abs/2006.09549'],
  ['Pool (Shervani-Tabar & Rosenbaum 2023)', 'https://doi.org/10.1038/s41467-023-37562-1'],
  ['Alignment (Kunin et al. 2020)', 'https://arxiv.org/abs/2003.01513'],
  ['MAML (Finn et al. 2017)', 'https://arxiv.org/abs/1703.03400'],
] as const;

/** The demos, in the order of the gallery. A folder each, with its `index.html`. */
export const DEMOS = [
  { folder: 'write', title: 'Write a rule' },
  { folder: 'sine', title: 'Learn a sine' },
  { folder: 'draw', title: 'Draw and teach' },
  { folder: 'rules', title: 'Rules at work' },
  { folder: 'throughput', title: 'Throughput' },
] as const;

/**
 * Puts the frame of the gallery around every page: head, header with the way to the other demos,
 * footer. A page's own file begins with its `<title>` and description, and holds nothing else but
 * its `<main>` and script. The frame is there without JavaScript.
 */
export const frame: Plugin = {
  name: 'frame',
  transformIndexHtml: {
    order: 'pre',
    handler(page, { path }) {
      const own = /^\/(?:(.+)\/)?index\.html$/.exec(path)?.[1];
      const up = own ? '../' : './';
      const title = /<title>(.*?)<\/title>/.exec(page)![1]!;
      const head = /^[\s\S]*?(?=<main)/.exec(page)![0].replace(/<title>.*?<\/title>\s*/, '');
      const links = DEMOS.map(
        ({ folder, title }) =>
          `<li><a href="${up}${folder}/"${folder === own ? ' aria-current="page"' : ''}>${title}</a></li>`,
      ).join('\n    ');
      return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${own ? `${title} – metaplastic` : title}</title>
<meta property="og:title" content="${title}">
<meta property="og:type" content="website">
<meta property="og:image" content="${up}card.png">
<meta name="twitter:card" content="summary_large_image">
<script>${LANGUAGE}</script>
<link rel="icon" href="${up}frame/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${up}frame/style.css">
${head.trim()}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
  <a class="wordmark" href="${up}"${own ? '' : ' aria-current="page"'}><img src="${up}frame/icon.svg" alt="" width="24" height="24">metaplastic</a>
  <nav aria-label="Demos"><ul>
    ${links}
  </ul></nav>
</header>
${page.slice(page.indexOf('<main')).replace('<main', '<main id="main" tabindex="-1"')}
<footer class="bottom">
  <p>metaplastic meta-learns how networks learn, on WebGPU, in Node and in the browser. Everything on these pages runs on your own machine; nothing is sent anywhere.</p>
  <ul class="links"><!--docs:${up}-->${LINKS.map(([name, href]) => `<li><a href="${href.replaceAll('&', '&amp;')}">${name.replaceAll('&', '&amp;')}</a></li>`).join('')}</ul>
</footer>
</body>
</html>
`;
    },
  },
};
