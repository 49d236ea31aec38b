import { GRANULARITIES, MetaplasticError, type RuleSpec, type Start } from 'metaplastic';

/** A rule as its texts stand in the editor, whether they make sense or not. */
export interface Draft {
  readonly name: string;
  readonly dw: string;
  readonly synapse: readonly StateDraft[];
  readonly neuron: readonly StateDraft[];
  readonly coefficients: readonly CoefficientDraft[];
}
export interface StateDraft {
  readonly name: string;
  readonly d: string;
  readonly start: string;
}
export interface CoefficientDraft {
  readonly name: string;
  readonly per: string;
  readonly start: string;
  readonly rate: string;
  readonly l1: string;
}

/** Rows that the editor has at most: as many as a rule may declare. */
export const MOST = { synapse: 4, neuron: 4, coefficients: 16 } as const;

/** The texts of a checked rule. */
export const draftOf = ({ name = '', dw, synapse, neuron, coefficients }: RuleSpec): Draft => ({
  name,
  dw: dw.replaceAll(/\s+/g, ' '),
  synapse: stateDrafts(synapse),
  neuron: stateDrafts(neuron),
  coefficients: Object.entries(coefficients ?? {}).map(([name, { per, start, rate, l1 }]) => ({
    name,
    per,
    start: start === undefined ? '' : startText(start),
    rate: rate === undefined ? '' : `${rate}`,
    l1: l1 === undefined ? '' : `${l1}`,
  })),
});

const stateDrafts = (states: RuleSpec['synapse'] = {}): StateDraft[] =>
  Object.entries(states).map(([name, { d, start = 0 }]) => ({ name, d, start: `${start}` }));

const startText = (start: Start): string => {
  if (typeof start === 'number') return `${start}`;
  return 'normal' in start
    ? `normal(${start.normal})`
    : `uniform(${start.uniform[0]}, ${start.uniform[1]})`;
};

/**
 * The rule that the texts say, to be checked. Throws a MetaplasticError, by the keys of rules, for
 * what is no number, and for a name that stands twice.
 */
export function specOf(draft: Draft): RuleSpec {
  const states = (of: 'synapse' | 'neuron') =>
    named(draft[of], `rule.${of}`, ({ d, start }, where) => ({
      d,
      ...(start.trim() && { start: numberOf(start, `${where}.start`) }),
    }));
  return {
    ...(draft.name.trim() && { name: draft.name.trim() }),
    dw: draft.dw,
    ...(draft.synapse.length > 0 && { synapse: states('synapse') }),
    ...(draft.neuron.length > 0 && { neuron: states('neuron') }),
    ...(draft.coefficients.length > 0 && {
      coefficients: named(
        draft.coefficients,
        'rule.coefficients',
        ({ per, start, rate, l1 }, where) => ({
          per: per as (typeof GRANULARITIES)[number],
          ...(start.trim() && { start: startOf(start, `${where}.start`) }),
          ...(rate.trim() && { rate: numberOf(rate, `${where}.rate`) }),
          ...(l1.trim() && { l1: numberOf(l1, `${where}.l1`) }),
        }),
      ),
    }),
  };
}

function named<R extends { readonly name: string }, T>(
  rows: readonly R[],
  where: string,
  of: (row: R, where: string) => T,
): Record<string, T> {
  const entries = new Map<string, T>();
  for (const row of rows) {
    const at = `${where}.${row.name}`;
    if (!row.name) throw new MetaplasticError({ where: at, expected: 'a name', got: 'none' });
    if (entries.has(row.name))
      throw new MetaplasticError({
        where: at,
        expected: 'a name that stands once',
        got: `\`${row.name}\` twice`,
        hint: 'choose another name',
      });
    entries.set(row.name, of(row, at));
  }
  return Object.fromEntries(entries);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberOf(text: string, where: string): number {
  const plain = text.trim().replace('−', '-');
  if (NUMBER.test(plain)) return Number(plain);
  throw new MetaplasticError({ where, expected: 'a number', got: text.trim() });
}

function startOf(text: string, where: string): Start {
  const [, kind, inside = ''] = /^\s*(normal|uniform)\s*\(([^()]*)\)\s*$/i.exec(text) ?? [];
  if (kind?.toLowerCase() === 'normal') return { normal: numberOf(inside, where) };
  const ends = inside.split(',');
  if (kind && ends.length === 2)
    return { uniform: [numberOf(ends[0]!, where), numberOf(ends[1]!, where)] };
  if (!kind && NUMBER.test(text.trim().replace('−', '-'))) return numberOf(text, where);
  throw new MetaplasticError({
    where,
    expected: 'a number, normal(sd) or uniform(from, to)',
    got: text.trim(),
  });
}
