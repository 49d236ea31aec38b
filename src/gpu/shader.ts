import {
  link,
  withLoggerAsync,
  type DeclIdent,
  type HasAttributes,
  type LinkParams,
  type WeslJsPlugin,
} from 'wesl/core';
import { MetaplasticError } from '../errors.js';

/**
 * Every file of `shaders/`, by its path without ending: `forward`, `forward.adjoint`, `rules/oja`,
 * …
 */
const SOURCES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(
    import.meta.glob<string>('./**/*.wgsl', {
      base: '../../shaders',
      eager: true,
      import: 'default',
    }),
  ).map(([path, source]) => [path.slice(2, -5), source]),
);

/**
 * Which file stands for each slot, e.g. `{ rule: 'rules/oja' }`, and modules made on the spot, e.g.
 * `{ shape: 'const LANES = 1u; …' }`.
 */
export interface ShaderParts {
  readonly slots: Readonly<Record<string, string>>;
  readonly modules: Readonly<Record<string, string>>;
  /**
   * Which sweep serves each visitor, e.g. `{ forward: 'sweeps/rows' }`: that file, in which
   * `package::visitor` is `package::forward`, is then the module `forward_sweep`.
   */
  readonly sweeps?: Readonly<Record<string, string>>;
}

/** A shader in plain WGSL, and what it declares for its host. */
export interface Linked {
  readonly code: string;
  readonly entryPoints: readonly string[];
  /** The buffers, in the order of their bindings; of several entry points each gets them all. */
  readonly variables: readonly Variable[];
}

export interface Variable {
  readonly binding: number;
  readonly name: string;
  readonly type: GPUBufferBindingType;
}

/**
 * Links one shader of `shaders/` with the chosen parts into plain WGSL. `a.b.wgsl` is imported as
 * `package::a_b`.
 */
export async function linkShader(name: string, parts: ShaderParts): Promise<Linked> {
  const weslSrc: Record<string, string> = {};
  for (const [path, source] of Object.entries(SOURCES))
    if (!path.includes('/')) weslSrc[`${path.replaceAll('.', '_')}.wgsl`] = source;
  const sourceOf = (slot: string, path: string): string => {
    const source = SOURCES[path];
    if (source === undefined)
      throw new MetaplasticError({
        where: `shader ${name}`,
        problem: `slot ${slot} asks for ${path}, which is no file of shaders/`,
      });
    return source;
  };
  for (const [slot, path] of Object.entries(parts.slots))
    weslSrc[`${slot}.wgsl`] = sourceOf(slot, path);
  for (const [visitor, path] of Object.entries(parts.sweeps ?? {})) {
    const sweep = sourceOf(`${visitor}_sweep`, path);
    weslSrc[`${visitor}_sweep.wgsl`] = sweep.replaceAll('package::visitor', `package::${visitor}`);
  }
  for (const [module, source] of Object.entries(parts.modules)) weslSrc[`${module}.wgsl`] = source;
  const rootModuleName = name.replaceAll('.', '_');
  const made = Object.keys(parts.modules);
  return linkFrom(name, { weslSrc, rootModuleName, keepComments: false }, made);
}

/** A shader that is one piece of WGSL, as it is. */
export const linkCode = async (code: string): Promise<Linked> => ({
  ...(await linkFrom('main', { weslSrc: { 'main.wgsl': code }, rootModuleName: 'main' }, [])),
  code,
});

/** The link that was asked for last: the next begins when it has ended. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Links, and reads what is declared from the syntax trees, which the linker shows a plugin. One at a
 * time, because the linker writes what it has to say of an error to one log, which belongs into the
 * error. `made`: modules that were made for this shader.
 */
function linkFrom(name: string, params: LinkParams, made: readonly string[]): Promise<Linked> {
  const said: string[] = [];
  const log = (...words: unknown[]) => void said.push(words.join(' '));
  const linked = last
    .then(() => withLoggerAsync(log, () => linkedFrom(params)))
    .catch((error: unknown) => {
      throw new MetaplasticError({
        where: `shader ${name}`,
        problem: `does not link: ${error instanceof Error ? error.message : String(error)}`,
        ...(made.length && { hint: `look at the modules made for it: ${made.join(', ')}` }),
        ...(said.length && { detail: said.join('\n') }),
        cause: error,
      });
    });
  last = linked.catch(() => {});
  return linked;
}

async function linkedFrom(params: LinkParams): Promise<Linked> {
  let declared: readonly (readonly [DeclIdent, string])[] = [];
  const look: WeslJsPlugin = {
    transform(tree) {
      declared = [...tree.bindings.mangled];
      return tree;
    },
  };
  const { dest: code } = await link({ ...params, config: { plugins: [look] } });
  const variables = declared.flatMap(([{ declElem }, name]) => variableOf(declElem, name));
  return {
    code,
    entryPoints: declared
      .filter(([{ declElem }]) => declElem?.kind === 'fn' && attributeOf(declElem, 'compute'))
      .map(([, name]) => name),
    variables: variables.toSorted((a, b) => a.binding - b.binding),
  };
}

/** The buffer that a declaration is, if it is one. */
function variableOf(declared: DeclIdent['declElem'], name: string): readonly Variable[] {
  if (declared?.kind !== 'gvar') return [];
  const [bound] = attributeOf(declared, 'binding') ?? [];
  if (bound?.expression.kind !== 'literal') return [];
  const [space, access] = declared.template?.map(word => word.name) ?? [];
  const ofStorage = access === 'read_write' ? 'storage' : 'read-only-storage';
  const type = space === 'uniform' ? 'uniform' : ofStorage;
  return [{ binding: Number.parseInt(bound.expression.value), name, type }];
}

/** What stands in the brackets of an attribute such as `@binding(0)`, if there is that attribute. */
function attributeOf({ attributes = [] }: HasAttributes, name: string) {
  const found = attributes
    .map(({ attribute }) => attribute)
    .find(attribute => attribute.kind === '@attribute' && attribute.name === name);
  return found?.kind === '@attribute' ? (found.params ?? []) : undefined;
}

/** Names of the files in one folder of `shaders/`, e.g. `rules` → hebb, oja. */
export function shaderChoices(folder: string): string[] {
  return Object.keys(SOURCES)
    .filter(p => p.startsWith(`${folder}/`))
    .map(p => p.slice(folder.length + 1))
    .sort();
}
