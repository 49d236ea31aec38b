import { parseSync, Visitor, type ESTree, type Plugin } from 'vite';

/** What an entry of a table says for the reference and the command line's help alone. */
const SAID = ['about', 'otherwise', 'source'];

/**
 * Leaves the sentences of options out of the file for browsers, which has neither the reference
 * nor the command line that they are for. Types, ranges, defaults and errors stay as they are.
 */
export function withoutSaid(): Plugin {
  return {
    name: 'without-said',
    transform(code, id) {
      if (!id.includes('/src/')) return undefined;
      const { program } = parseSync(id, code, { lang: 'ts' });
      return { code: saidOf(program).toReversed().reduce(shortened, code), map: null };
    },
  };
}

/** What entries say, `option(…, { about: '…' })`, in the order of the file. */
function saidOf(program: ESTree.Program): readonly ESTree.ObjectExpression[] {
  const found: ESTree.ObjectExpression[] = [];
  new Visitor({
    CallExpression(call) {
      const objects = call.arguments.filter(argument => argument.type === 'ObjectExpression');
      found.push(...objects.filter(({ properties }) => properties.some(isNamed('about'))));
    },
  }).visit(program);
  return found.toSorted((a, b) => a.start - b.start);
}

/** Is it a property of one of these names? */
const isNamed =
  (...names: readonly string[]) =>
  (property: ESTree.ObjectPropertyKind) =>
    property.type === 'Property' &&
    property.key.type === 'Identifier' &&
    names.includes(property.key.name);

/** The code with what is kept of one object. */
function shortened(code: string, { start, end, properties }: ESTree.ObjectExpression): string {
  const kept = properties
    .filter(property => !isNamed(...SAID)(property))
    .map(property => code.slice(property.start, property.end));
  return `${code.slice(0, start)}{ ${kept.join(', ')} }${code.slice(end)}`;
}
