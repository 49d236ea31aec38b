import { format, resolveConfig } from 'prettier';
import { ADAM } from '../src/learner/optimiser.js';
import { ADAPT, GRADIENT, LEARNER } from '../src/learner/options.js';
import { inWords, optionsOf, type OptionRow } from '../src/options.js';
import { CONFIG } from '../src/config/config.js';
import { RULE } from '../src/rules/options.js';

const cell = (words: string) => words.replaceAll('|', '\\|');
const plain = (value: unknown) => (typeof value === 'string' ? value : inWords(value));

function row({ key, range, needed, byDefault, otherwise, about, source }: OptionRow): string {
  const standard = needed
    ? '(needed)'
    : (otherwise ?? (byDefault === undefined ? '–' : plain(byDefault)));
  const said = source ? `${about} (${source})` : about;
  return `| \`${key}\` | ${[range, standard, said].map(cell).join(' | ')} |`;
}

const table = (rows: readonly OptionRow[]) =>
  [
    '| option | takes | default | what it does |',
    '| --- | --- | --- | --- |',
    ...rows.map(row),
  ].join('\n');

/** The reference of all options, as docs/options.md has it. */
export async function optionsPage(): Promise<string> {
  const inConfigurations = optionsOf(CONFIG);
  const shared = /^(system|initial|budget|plan)\b/;
  const ofLearners = optionsOf(LEARNER).filter(
    ({ key }) => !key.startsWith('optimiser.') && (!shared.test(key) || key === 'system'),
  );
  const page = `# Options

Made from the tables that also check them (\`npx vitest run tests/options.test.ts -u\` makes it anew).
Everything is refused by the same rules wherever it comes in: numbers have to fit float32, a key that
is not here is an error that names the nearest one. Where a default depends on other options it says so.

## A configuration

What \`metaplastic train\` takes as JSON and \`parseConfig\` checks. \`task(sine).steps\` is the key
\`steps\` of a task whose \`kind\` is \`sine\`.

${table(inConfigurations)}

## A rule of your own

What \`defineRule\` takes ([rules.md](rules.md)). A state and a coefficient have names of their own in
the place of \`NAME\`.

${table(optionsOf(RULE))}

## \`Learner.create\`

\`system\`, \`initial\`, \`budget\` and \`plan\` are those of a configuration; \`tasks\` and \`l1\` to
\`momentWeights\` are those of its \`meta\`, which says of the optimiser \`rates\`, \`decay\` and \`clip\`.

${table(ofLearners)}

## \`adam\`

${table(optionsOf(ADAM))}

## \`learner.adapt\`

${table(optionsOf(ADAPT))}

## \`learner.gradient\`

${table(optionsOf(GRADIENT))}
`;
  return format(page, { ...(await resolveConfig('docs/options.md')), parser: 'markdown' });
}
