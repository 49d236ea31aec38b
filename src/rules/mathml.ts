import { checkMade } from '../options.js';
import type { Granularity, WrittenRule } from './rule.js';
import type { Operation, Tree } from './tree.js';

/** Names of Greek letters, which are shown as the letters. */
const GREEK: Readonly<Record<string, string>> = {
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  epsilon: 'ε',
  zeta: 'ζ',
  eta: 'η',
  theta: 'θ',
  iota: 'ι',
  kappa: 'κ',
  lambda: 'λ',
  mu: 'μ',
  nu: 'ν',
  xi: 'ξ',
  pi: 'π',
  rho: 'ρ',
  sigma: 'σ',
  tau: 'τ',
  phi: 'φ',
  chi: 'χ',
  psi: 'ψ',
  omega: 'ω',
};

/** Functions that have a name of their own in mathematics. */
const CALLED: Readonly<Record<string, string>> = { log: 'ln', sign: 'sgn', sigmoid: 'σ' };

/** How tightly an expression holds together, as it is shown. */
const SUM = 1;
const SIGNED = 2;
const PRODUCT = 3;
const POWER = 4;
const WHOLE = 5;

interface Shown {
  readonly code: string;
  readonly hold: number;
}

const escaped = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
const row = (...parts: readonly string[]) =>
  parts.length === 1 ? parts[0]! : `<mrow>${parts.join('')}</mrow>`;
const mark = (sign: string) => `<mo>${sign}</mo>`;
const identifier = (text: string) => `<mi>${escaped(text)}</mi>`;
const bracketed = (code: string) => row(mark('('), code, mark(')'));

/** An expression as MathML (MathML Core), `symbol` being what stands for a name. */
export const mathmlOf = (tree: Tree, symbol: (name: string) => string = symbolOf): string =>
  shown(tree, symbol).code;

function shown(tree: Tree, symbol: (name: string) => string): Shown {
  if (tree.kind === 'number') return numberOf(tree.value);
  if (tree.kind === 'name') return { code: symbol(tree.name), hold: WHOLE };
  const [a, b] = tree.to.map(part => shown(part, symbol));
  return applied(tree.of, a!, b);
}

function applied(of: Operation, a: Shown, b: Shown | undefined): Shown {
  const at = ({ code, hold }: Shown, least: number) => (hold < least ? bracketed(code) : code);
  switch (of) {
    case '+':
    case '-': {
      const sign = mark(of === '+' ? '+' : '−');
      return { code: row(at(a, SUM), sign, at(b!, PRODUCT)), hold: SUM };
    }
    case 'negate':
      return { code: row(mark('−'), at(a, PRODUCT)), hold: SIGNED };
    case '*': {
      const factor = at(b!, PRODUCT);
      const times = factor.startsWith('<mn>') ? mark('·') : TIMES;
      const code = row(at(a, SIGNED), times, factor);
      return { code, hold: Math.min(PRODUCT, Math.max(a.hold, SIGNED)) };
    }
    case '/':
      return { code: `<mfrac>${a.code}${b!.code}</mfrac>`, hold: PRODUCT };
    case '^':
      return { code: `<msup>${at(a, WHOLE)}${b!.code}</msup>`, hold: POWER };
    case 'exp':
      return { code: `<msup>${identifier('e')}${a.code}</msup>`, hold: POWER };
    case 'sqrt':
      return { code: `<msqrt>${a.code}</msqrt>`, hold: WHOLE };
    case 'abs':
      return { code: row(mark('|'), a.code, mark('|')), hold: WHOLE };
    default: {
      const inside = b ? row(a.code, mark(','), b.code) : a.code;
      return { code: row(identifier(CALLED[of] ?? of), bracketed(inside)), hold: WHOLE };
    }
  }
}

/** A product of names of several letters needs some space. */
const TIMES = `${mark('&#x2062;')}<mspace width="0.2em"/>`;

function numberOf(value: number): Shown {
  const [digits, exponent] = `${Math.abs(value)}`.split('e');
  const plain = `<mn>${digits}</mn>`;
  const power = exponent && `<msup><mn>10</mn>${numberOf(Number(exponent)).code}</msup>`;
  const code = power ? row(plain, mark('·'), power) : plain;
  if (value < 0) return { code: row(mark('−'), code), hold: SIGNED };
  return { code, hold: power ? PRODUCT : WHOLE };
}

/**
 * A name in letters, with indices: Greek if it is called so; digits, and what stands behind a _,
 * are an index: `theta`, `t0`, `tau_slow`.
 */
function symbolOf(name: string, ...indices: readonly string[]): string {
  const [, word, digits, rest] = /^([A-Za-z]+)(?:_?(\d+)|_(\w+))?$/.exec(name) ?? [];
  const base = word ?? name;
  const own = digits === undefined ? rest && identifier(rest) : `<mn>${digits}</mn>`;
  const all = [...(own ? [own] : []), ...indices.map(identifier)];
  const letters = identifier(Object.hasOwn(GREEK, base) ? GREEK[base]! : base);
  return all.length > 0 ? `<msub>${letters}${row(...all)}</msub>` : letters;
}

/** Indices of a coefficient: of the neuron i, its input j, the layer l. */
const INDICES = {
  synapse: ['i', 'j'],
  neuron: ['i'],
  layer: ['l'],
  network: [],
} as const satisfies Record<Granularity, readonly string[]>;

/** How the names of a rule are shown: those of neuron i with i, of its input j with j. */
function symbolsOf({ coefficients, synapse, neuron }: WrittenRule): (name: string) => string {
  const symbols = new Map([
    ['w', symbolOf('w', 'i', 'j')],
    ['pre', symbolOf('x', 'j')],
    ['x', symbolOf('x', 'i')],
    ['post', symbolOf('post', 'i')],
    ['e', symbolOf('e', 'i')],
    ['e_pre', symbolOf('e', 'j')],
  ]);
  for (const { name } of synapse) symbols.set(name, symbolOf(name, 'i', 'j'));
  for (const { name } of neuron)
    symbols.set(name, symbolOf(name, 'i')).set(`${name}_pre`, symbolOf(name, 'j'));
  for (const { name, per } of coefficients) symbols.set(name, symbolOf(name, ...INDICES[per]));
  return name => symbols.get(name)!;
}

/**
 * A rule as a `math` element: its equations under one another, Δw_ij = … first. Nothing of the
 * rule's texts is in it but names and numbers.
 */
export function mathmlOfRule(rule: WrittenRule): string {
  checkMade(rule, ['dw', 'synapse', 'neuron'], 'mathmlOfRule', 'a rule as defineRule returns it');
  const symbol = symbolsOf(rule);
  const equations = [{ name: 'w', change: rule.dw }, ...rule.synapse, ...rule.neuron].map(
    ({ name, change }) => {
      const cells = [row(mark('Δ'), symbol(name)), mark('='), mathmlOf(change, symbol)];
      return `<mtr>${cells.map(cell => `<mtd>${cell}</mtd>`).join('')}</mtr>`;
    },
  );
  return `<math display="block"><mtable>${equations.join('')}</mtable></math>`;
}
