import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'vite';
import { describe, expect, test } from 'vitest';

/**
 * The rooms of the library from the top to the ground: what stands in one imports what stands
 * below it, never beside or above (docs/architecture.md).
 */
const ROOMS = [
  ['cli.ts'],
  ['cli'],
  ['node.ts', 'index.ts', 'bench'],
  ['browser.ts', 'node', 'studies'],
  ['report'],
  ['proof', 'evaluation'],
  ['runs'],
  ['config'],
  ['learner'],
  ['gpu', 'reference'],
  ['parameters'],
  ['tasks'],
  ['systems'],
  ['rules'],
  ['options.ts'],
  ['errors.ts', 'extremes.ts', 'tensor.ts'],
];

/** Rooms that know Node; all others run in a page. */
const NODES = ['cli.ts', 'cli', 'node.ts', 'node'];

interface Import {
  readonly file: string;
  readonly from: string;
}

const roomOf = (path: string) => path.split('/')[1]!;
const floorOf = (room: string) => ROOMS.findIndex(rooms => rooms.includes(room));

/** What a module imports, types as well, at its top or while it runs. */
function importsOf(file: string, text: string): Import[] {
  const { module } = parseSync(file, text);
  const named = [...module.staticImports, ...module.staticExports.flatMap(({ entries }) => entries)]
    .map(({ moduleRequest }) => moduleRequest?.value)
    .filter(value => value !== undefined);
  const later = module.dynamicImports
    .map(({ moduleRequest: { start, end } }) => text.slice(start, end))
    .map(expression => /^['"`](.*)['"`]$/.exec(expression)?.[1] ?? expression);
  return [...new Set([...named, ...later])].map(from => ({ file, from }));
}

const isOurs = ({ from }: Import) => from.startsWith('.');
const target = ({ file, from }: Import) => normalize(join(dirname(file), from));
const shown = ({ file, from }: Import) => `${file}: ${from}`;

/** Those that do not lead down, but to another room. */
const upward = (imports: readonly Import[]) =>
  imports
    .filter(isOurs)
    .filter(one => {
      const [here, there] = [one.file, target(one)].map(path =>
        roomOf(path).replace(/\.js$/, '.ts'),
      );
      return here !== there && floorOf(there!) <= floorOf(here!);
    })
    .map(shown);

/** Those of Node, or of what needs it, from where it is not known. */
const ofNode = (imports: readonly Import[]) =>
  imports
    .filter(({ file, from }) => /^node:|^webgpu$/.test(from) && !NODES.includes(roomOf(file)))
    .map(shown);

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'))
    .map(name => join(folder, name));
const importsIn = (file: string) => importsOf(file, readFileSync(file, 'utf8'));
const files = filesOf('src');
const imports = files.flatMap(importsIn);

describe('the source', () => {
  test('has no room that the list of rooms forgets', () => {
    const known = ROOMS.flat();
    const rooms = [...new Set(files.map(roomOf))];
    expect(rooms.filter(room => !known.includes(room))).toEqual([]);
  });

  test('imports only what stands below', () => {
    const faulty = "import type { A } from '../runs/log.js'; export * from './plan.js';";
    expect(upward(importsOf('src/gpu/x.ts', faulty))).toEqual(['src/gpu/x.ts: ../runs/log.js']);
    expect(upward(importsOf('src/gpu/x.ts', "await import('../learner/adam.js')"))).toEqual([
      'src/gpu/x.ts: ../learner/adam.js',
    ]);
    expect(upward(imports)).toEqual([]);
  });

  test('is imported by demos as users do, by the names of the package', () => {
    const ofSource = (all: readonly Import[]) =>
      all.filter(one => isOurs(one) && target(one).startsWith('src/')).map(shown);
    expect(ofSource(importsOf('demos/x/x.ts', "export * from '../../src/index.js';"))).toEqual([
      'demos/x/x.ts: ../../src/index.js',
    ]);
    expect(ofSource(filesOf('demos').flatMap(importsIn))).toEqual([]);
  });

  test('imports Node only where it is the command line or for Node', () => {
    expect(ofNode(importsOf('src/runs/x.ts', "import { join } from 'node:path';"))).toEqual([
      'src/runs/x.ts: node:path',
    ]);
    expect(ofNode(imports)).toEqual([]);
  });
});
