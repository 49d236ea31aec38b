import { existsSync } from 'node:fs';
import { MetaplasticError } from '../errors.js';
import { equationModule, isMadeOfProducts, productModule } from '../gpu/equation.js';
import { openNodeGpu } from '../node/open.js';
import { flag, inWords, isNumber, kind, list, nearest, option, unknownName } from '../options.js';
import { type CheckProblem, TOLERANCE } from '../proof/check.js';
import { checkRule, ruleHead, type RuleResult, ruleRow } from '../proof/rule.js';
import { LIMIT } from '../reference/central-differences.js';
import { defineRule } from '../rules/define.js';
import { derivative } from '../rules/derive.js';
import { RULE_PRESETS } from '../rules/presets.js';
import {
  type Coefficient,
  type CoefficientSpec,
  type Granularity,
  GRANULARITIES,
  SEEN,
  type Start,
  type State,
  type WrittenRule,
} from '../rules/rule.js';
import { textOf } from '../rules/text.js';
import { namesOf, type Tree } from '../rules/tree.js';
import { RULES } from '../systems/system.js';
import { oneOf, optionsHelp, parse } from './options.js';
import { describeAdapter, readRule } from './run-folder.js';

/** NAME:PER or NAME:PER=START. */
const COEFFICIENT = new RegExp(`^([^:=]+):(${GRANULARITIES.join('|')})(?:=(.+))?$`);

const OPTIONS = {
  coefficient: {
    value: 'NAME:PER[=START]',
    multiple: true,
    entry: option(
      list(
        kind<string>(
          `NAME:PER or NAME:PER=START, PER one of ${GRANULARITIES.join(', ')}, START a number`,
          x => typeof x === 'string' && declares(x),
        ),
        'coefficients',
      ),
      {
        about: `Declares a coefficient of a TEXT: one per ${GRANULARITIES.join(', ')}. As often as it has some.`,
      },
    ),
  },
  wgsl: { entry: option(flag, { about: 'Also prints the maths module that is made of it.' }) },
  'no-proof': { entry: option(flag, { about: 'Says what the rule is, and asks no adapter.' }) },
  json: {
    entry: option(flag, {
      about: 'One line of JSON with all of it, and the error of every tensor.',
    }),
  },
};

export const HELP = `reads a rule of your own, shows its derivatives, and proves its kernels on this machine's adapter

Usage: metaplastic rule FILE|TEXT|PRESET [options]

FILE is a rule as JSON, NAME.rule.json; TEXT a dw such as 'eta * pre * x' with its coefficients; presets: ${Object.keys(RULE_PRESETS).join(', ')}.
docs/rules.md tells what a rule may say. The proof: at odd sizes, by every adjoint that the rule allows, with one lane and many,
the kernels against the float64 reference (at most ${TOLERANCE}), whose gradient is compared with central differences (at most ${LIMIT}).
An error is ‖x − x*‖ / ‖x*‖ of a tensor. Exit status 1 if one is larger.

${optionsHelp(OPTIONS)}`;

/** `problems` are what is asked in place of those of every rule; a test asks fewer. */
export async function run(args: string[], problems?: readonly CheckProblem[]): Promise<number> {
  const { values, positionals } = parse(termsLast(args), OPTIONS);
  const word = oneOf(positionals, 'rule', 'one FILE, TEXT or PRESET');
  const rule = ruleNamed(word, values.coefficient);
  const say = values.json ? () => {} : (line: string) => console.log(line);
  say(describeRule(rule));
  if (values.wgsl) say(`\n${moduleOf(rule)}`);
  const proof = values['no-proof'] ? undefined : await prove(rule, say, problems);
  if (values.json) console.log(JSON.stringify({ ...factsOf(rule), ...proof }));
  return proof && proof.failed > 0 ? 1 : 0;
}

/** A text may begin with a minus, which no option begins with that is not two of them. */
function termsLast(args: readonly string[]): string[] {
  const isTerm = (arg: string) => /^-[^-]/.test(arg);
  const terms = args.filter(isTerm);
  return [
    ...args.filter(arg => !isTerm(arg) && arg !== '--'),
    ...(terms.length > 0 ? ['--', ...terms] : []),
  ];
}

async function prove(
  rule: WrittenRule,
  say: (line: string) => void,
  problems: readonly CheckProblem[] | undefined,
) {
  const gpu = await openNodeGpu();
  try {
    const start = performance.now();
    say(`\n${describeAdapter(gpu)}\n\n${ruleHead()}`);
    const results: RuleResult[] = await checkRule(gpu, rule, {
      problems,
      onResult: result => say(ruleRow(result)),
    });
    const passed = results.filter(r => r.passed).length;
    const failed = results.length - passed;
    const seconds = (performance.now() - start) / 1e3;
    say(
      `\n${passed} passed, ${failed} failed (${seconds.toFixed(1)} s; errors are ‖x − x*‖ / ‖x*‖, at most ${TOLERANCE} passes, of central differences ${LIMIT})`,
    );
    if (results.some(({ comparisons }) => differ(comparisons)))
      say(
        'The reference and central differences disagree: lifetimes stand at a corner of abs, sign, relu, min or max, or near a pole.',
      );
    return {
      adapter: gpu.adapter,
      tolerance: TOLERANCE,
      limit: LIMIT,
      seconds,
      passed,
      failed,
      results,
    };
  } finally {
    gpu.destroy();
  }
}

const differ = (comparisons: RuleResult['comparisons']) =>
  comparisons.some(({ of, error }) => of === 'differences' && !(error < LIMIT));

/** The rule of a preset's name, of a file, or of a text whose coefficients are declared beside it. */
export function ruleNamed(word: string, declared: readonly string[] = []): WrittenRule {
  const given = namedRule(word);
  if (given && declared.length > 0)
    throw new MetaplasticError({
      where: '--coefficient',
      expected: 'a TEXT whose coefficients it declares',
      got: `${inWords(word)}, which has its own`,
      hint: 'leave it out',
    });
  if (given) return given;
  const named = declared.map(coefficientOf);
  const twice = named.find(([name], k) => named.some(([other], n) => n < k && other === name));
  if (twice)
    throw new MetaplasticError({
      where: '--coefficient',
      expected: 'each coefficient once',
      got: `${inWords(twice[0])} twice`,
    });
  const coefficients = Object.fromEntries(named);
  const isBuiltIn = Object.hasOwn(RULES, word);
  const presets = Object.keys(RULE_PRESETS);
  // a name alone that is none of an expression was meant to be one of ours
  const known: readonly string[] = ['w', ...SEEN, ...Object.keys(coefficients)];
  if (isBuiltIn)
    throw new MetaplasticError({
      where: 'rule',
      expected: 'a rule that is written as text',
      got: `${inWords(word)}, which is built in`,
      hint: `metaplastic check proves it; rules as text: ${presets.join(', ')}`,
    });
  if (/^[\w-]+$/.test(word) && !known.includes(word) && nearest(word, presets))
    throw new MetaplasticError({
      where: 'rule',
      ...unknownName('preset, file or text', inWords(word), presets, word),
    });
  return defineRule({ dw: word, coefficients });
}

function namedRule(word: string): WrittenRule | undefined {
  if (Object.hasOwn(RULE_PRESETS, word))
    return defineRule(RULE_PRESETS[word as keyof typeof RULE_PRESETS].rule, word);
  return word.endsWith('.json') || existsSync(word) ? readRule(word).rule : undefined;
}

const declares = (text: string): boolean => {
  const [, , , start] = COEFFICIENT.exec(text) ?? [];
  return COEFFICIENT.test(text) && (start === undefined || isStart(start));
};
const isStart = (text: string) => text.trim() !== '' && isNumber(Number(text));

function coefficientOf(text: string): [string, CoefficientSpec] {
  const [, name, per, start] = COEFFICIENT.exec(text)!;
  return [name!, { per: per as Granularity, ...(start !== undefined && { start: Number(start) }) }];
}

/** The maths module that is made of a rule. */
const moduleOf = (rule: WrittenRule): string =>
  isMadeOfProducts(rule) ? productModule(rule) : equationModule(rule);

/** Every right-hand side: what changes, in words, and its tree. */
const changesOf = ({ dw, synapse, neuron }: WrittenRule): (readonly [string, Tree])[] => [
  ['dw', dw],
  ...[...synapse, ...neuron].map(({ name, change }) => [`d(${name})`, change] as const),
];

/** Derivatives of right-hand sides by what they read, simplified, as text. */
const derivativesOf = (rule: WrittenRule) =>
  changesOf(rule).flatMap(([of, tree]) =>
    [...namesOf(tree)].map(by => ({ of, by, is: textOf(derivative(tree, by)) })),
  );

/** What is known of a rule, as JSON. */
const factsOf = (rule: WrittenRule) => ({
  rule: rule.spec,
  from: rule.from,
  reads: rule.reads,
  rank: rule.rank ?? null,
  product: isMadeOfProducts(rule),
  undoable: rule.undoable,
  derivatives: derivativesOf(rule),
  wgsl: moduleOf(rule),
});

/** A rule for people: as it is written, what it needs, and its derivatives. */
export function describeRule(rule: WrittenRule): string {
  const { name, spec, synapse, neuron, coefficients, from, reads } = rule;
  const states = (of: readonly State[], kind: 'synapse' | 'neuron') =>
    of.map(state => ({ ...state, kind, said: inLine(spec[kind]![state.name]!.d) }));
  const all = [...states(synapse, 'synapse'), ...states(neuron, 'neuron')];
  const rows: (readonly [string, readonly string[]])[] = [
    ['reads', [reads.join(', ') || 'nothing but w and what it declares']],
    ['feedback', [FEEDBACK[from]]],
    ['coefficients', coefficients.map(describeCoefficient)],
    [
      'states',
      all.map(
        state => `${state.name}, one per ${state.kind}, from ${state.start}: d = ${state.said}`,
      ),
    ],
    ['low-rank', [describeRank(rule)]],
    ['undone', [describeUndoing(rule)]],
  ];
  const derivatives = derivativesOf(rule).map(
    ({ of, by, is }) => [`∂ ${of} / ∂ ${by}`, is] as const,
  );
  const width = derivatives.reduce((most, [title]) => Math.max(most, title.length), 0);
  return [
    `${name}: dw = ${inLine(spec.dw)}\n`,
    ...rows.flatMap(([title, [first = 'none', ...others]]) => [
      `${title.padEnd(INDENT)}${first}`,
      ...others.map(line => `${' '.repeat(INDENT)}${line}`),
    ]),
    '\nDerivatives, simplified\n',
    ...derivatives.map(([title, is]) => `  ${title.padEnd(width)}  ${is}`),
  ].join('\n');
}

const INDENT = 14;
const inLine = (text: string) => text.replaceAll(/\s+/g, ' ');

const FEEDBACK = {
  post: 'direct rectified: what a neuron is told to be (post)',
  error: 'an error path: chained, direct, sign-symmetric or backprop',
  nothing: 'none: it reads neither post nor an error, so B does not exist',
} as const satisfies Record<WrittenRule['from'], string>;

function describeCoefficient({ name, per, start, rate, l1 }: Coefficient): string {
  const rates = rate === undefined ? '' : `, rate ${rate}`;
  const penalty = l1 === undefined ? '' : `, L1 ${l1}`;
  return `${name}, one per ${per}, from ${describeStart(start)}${rates}${penalty}`;
}

function describeStart(start: Start): string {
  if (typeof start === 'number') return `${start}`;
  return 'normal' in start ? `N(0, ${start.normal}²)` : `U(${start.uniform.join(', ')})`;
}

function describeRank(rule: WrittenRule): string {
  const { rank } = rule;
  if (rank === undefined) return 'no: evaluated synapse by synapse';
  const way = isMadeOfProducts(rule)
    ? 'by the kernels of the built-in rules'
    : 'evaluated synapse by synapse all the same';
  return `rank ${rank}, ${way}`;
}

function describeUndoing({ undoable, synapse, neuron }: WrittenRule): string {
  if (undoable) return 'yes, dw is affine in w: adjoints store, checkpoint and reverse';
  const why = synapse.length + neuron.length > 0 ? 'it has states' : 'dw is not affine in w';
  return `no, ${why}: adjoints store and checkpoint`;
}
