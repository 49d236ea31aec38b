// Makes the site of the documentation in docs/site/: the reference of the API by TypeDoc, that of
// the command line from its own help, the pages by VitePress, and the gallery below gallery/. With
// `dev` the pages are served and follow what is written. Asks for a built package and gallery.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path => fileURLToPath(new URL(path, import.meta.url));
const require = createRequire(import.meta.url);

/** Runs a program of a package in docs/; its failure is ours. */
function run(name, program, args) {
  const path = join(dirname(require.resolve(`${name}/package.json`)), program);
  const { status } = spawnSync(process.execPath, [path, ...args], {
    cwd: here('.'),
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** What the command line says with these arguments. */
function helpOf(...args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [here('../dist/cli.js'), ...args, '--help'],
    { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  );
  if (status !== 0) throw new Error(`metaplastic ${args.join(' ')} --help: ${stderr}`);
  return stdout.trimEnd();
}

/** Makes links of the files of docs/ that docstrings name. */
function linkPages(folder) {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.md')) continue;
    const path = join(folder, file);
    const linked = readFileSync(path, 'utf8').replace(/\bdocs\/([\w-]+)\.md\b/g, (_, name) => {
      const to = relative(dirname(path), here(`${name}.md`));
      return `[${name}](${to.split(sep).join('/')})`;
    });
    writeFileSync(path, linked);
  }
}

/** The reference of the command line: the help of every command, as it is. */
function commandLine() {
  const overview = helpOf();
  const commands = [...overview.matchAll(/^ {2}(\w+) +/gm)].map(([, name]) => name);
  const section = (title, text) => `## ${title}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
  return `# Command line

\`npx metaplastic COMMAND\` where the package is installed; in a checkout of the project
\`npm run -s metaplastic -- COMMAND\`. What follows is what \`--help\` says.

${section('metaplastic', overview)}
${commands.map(name => section(name, helpOf(name))).join('\n')}`;
}

/** Pages of the gallery link the documentation where they lie in it. */
function linkBack(gallery) {
  for (const file of readdirSync(gallery, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.html')) continue;
    const path = join(gallery, file);
    const linked = readFileSync(path, 'utf8').replace(
      /<!--docs:([./]*)-->/,
      (_, up) => `<li><a href="${up}../index.html">Documentation</a></li>`,
    );
    writeFileSync(path, linked);
  }
}

mkdirSync(here('reference'), { recursive: true });
writeFileSync(here('reference/cli.md'), commandLine());
run('typedoc', 'bin/typedoc', ['--options', 'typedoc.json', '--logLevel', 'Warn']);
linkPages(here('reference/api'));
const dev = process.argv[2] === 'dev';
run('vitepress', 'bin/vitepress.js', dev ? ['dev', '.'] : ['build', '.']);
if (!dev) {
  cpSync(here('../site'), here('site/gallery'), { recursive: true });
  linkBack(here('site/gallery'));
}
