import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MetaplasticError } from '../errors.js';
import { CONFIG, parseConfig } from '../config/config.js';
import { RUN_PRESETS } from '../config/presets.js';
import { configSchema } from '../config/schema.js';
import { choice, isObject, option, optionsOf } from '../options.js';
import { writeWhole } from './disk.js';
import { listed, oneOf, optionsHelp, parse } from './options.js';

const OPTIONS = {
  preset: {
    value: 'NAME',
    entry: option(
      choice(Object.keys(RUN_PRESETS)),
      { about: 'The preset that it begins with.' },
      'flp-sine',
    ),
  },
};

/** The schema lies beside the configuration, so that it is that of this version. */
const SCHEMA = 'metaplastic.schema.json';

export const HELP = `writes a configuration to begin with, each key explained

Usage: metaplastic init FILE.json [options]

Beside it lies ${SCHEMA}, by which editors complete and explain every other key. Comments may stay:
the command line reads JSON with // and /* … */.

${optionsHelp(OPTIONS)}

Presets:
${listed(Object.keys(RUN_PRESETS))}`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, OPTIONS);
  const path = oneOf(positionals, 'init', 'the name of one file, such as mine.json');
  if (existsSync(path))
    throw new MetaplasticError({
      where: `init ${path}`,
      expected: 'the name of a new file',
      got: 'one that is there',
      hint: 'choose another name, or remove it',
    });
  writeWhole(path, commented({ ...RUN_PRESETS[values.preset]!, name: basename(path, '.json') }));
  writeWhole(join(dirname(path), SCHEMA), `${JSON.stringify(configSchema(), null, 2)}\n`);
  console.log(`wrote ${path}; train it with: metaplastic train ${path}`);
  return 0;
}

/** A configuration as JSON whose keys are explained, section by section. */
function commented(given: object): string {
  parseConfig(given, 'init');
  const rows = optionsOf(CONFIG);
  const about = new Map(rows.map(row => [row.key, row.about]));
  const kindOf = (value: Record<string, unknown>) => value['kind'] ?? value['format'];
  // what a section of meta-training may have besides, with its default
  const others = (value: object) =>
    rows
      .filter(({ key }) => /^meta\.\w+$/.test(key) && !Object.hasOwn(value, key.slice(5)))
      .map(({ key, about, otherwise, byDefault }) => {
        return `// ${key.slice(5)}: ${otherwise ?? JSON.stringify(byDefault)} if it is left out. ${about}`;
      });
  const lines = (value: Record<string, unknown>, key: string, indent: string): string[] =>
    Object.entries(value).flatMap(([name, of], i, all) => {
      const path = key ? `${key}.${name}` : name;
      const comma = i < all.length - 1 ? ',' : '';
      const said = about.get(path);
      const told = said ? [`${indent}// ${said}`] : [];
      if (!isObject(of) || Object.keys(of).length === 0)
        return [...told, `${indent}"${name}": ${JSON.stringify(of)}${comma}`];
      const kind = kindOf(of);
      const inside = kind === undefined ? path : `${path}(${String(kind)})`;
      const besides = path === 'meta' ? others(of).map(line => `${indent}  ${line}`) : [];
      const nested = [...lines(of, inside, `${indent}  `), ...besides];
      return [...told, `${indent}"${name}": {`, ...nested, `${indent}}${comma}`];
    });
  return `{
  "$schema": "./${SCHEMA}",
${lines(given as Record<string, unknown>, '', '  ').join('\n')}
}
`;
}
