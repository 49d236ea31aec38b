import { link } from 'wesl/core';
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

/**
 * Links one shader of `shaders/` with the chosen parts into plain WGSL. `a.b.wgsl` is imported as
 * `package::a_b`.
 */
export async function linkShader(name: string, parts: ShaderParts): Promise<string> {
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
  const linked = await link({
    weslSrc,
    rootModuleName: name.replaceAll('.', '_'),
    keepComments: false,
  });
  return linked.dest;
}

/** Names of the files in one folder of `shaders/`, e.g. `rules` → hebb, oja. */
export function shaderChoices(folder: string): string[] {
  return Object.keys(SOURCES)
    .filter(p => p.startsWith(`${folder}/`))
    .map(p => p.slice(folder.length + 1))
    .sort();
}
