import { MetaplasticError } from '../errors.js';
import { nameOf } from '../evaluation/evaluate.js';
import type { Evaluation } from '../runs/log.js';
import { forgettingLines } from '../report/chart.js';
import {
  divergedOf,
  evaluationsOf,
  lastMedianOf,
  lastOf,
  over,
  seedNames,
  type Figure,
  type Results,
  type Table,
  type Trained,
} from './study.js';

/** The systems that FLP is compared with. */
export type System = 'flp' | 'maml' | 'first-order-maml' | 'oml' | 'first-order-oml';

/** OML is MAML at a rate that is chosen, which its system does not tell. */
const CALLED: Partial<Readonly<Record<System, string>>> = {
  oml: 'OML, second order',
  'first-order-oml': 'OML, first order',
};

interface Of {
  readonly results: Results;
  readonly seeds: number;
  readonly systems: readonly System[];
  /** The arm of a system, if not of its own name. */
  readonly arm?: (system: System) => string;
}

const runsOf = ({
  results,
  seeds,
  systems,
  arm = system => system,
}: Of): { name: string; runs: readonly Trained[] }[] =>
  systems.map(system => {
    const runs = seedNames(arm(system), seeds).map(results.trained);
    const name = nameOf(runs[0]!.config.system).replace(/, meta-learned$/, '');
    return { name: CALLED[system] ?? name, runs };
  });

/** An evaluation of any run that came to its end. */
const anyOf = (systems: ReturnType<typeof runsOf>, title: string): Evaluation | undefined =>
  evaluationsOf(
    systems.flatMap(({ runs }) => runs),
    title,
  )[0];

/**
 * What each system is at in the end, of errors also in the median, and how many lifetimes diverged;
 * a column is a name, and how the title of its evaluation begins.
 */
export function tableOf({
  title,
  columns,
  ...of
}: Of & {
  readonly title: string;
  readonly columns: readonly (readonly [name: string, evaluation: string])[];
}): Table {
  const systems = runsOf(of);
  const isError = anyOf(systems, columns[0]![1])?.metric !== 'accuracy';
  return {
    title,
    head: [
      'system',
      ...columns.flatMap(([name]) => (isError ? [name, 'median task'] : [name])),
      'diverged',
    ],
    rows: systems.map(({ name, runs }) => [
      name,
      ...columns.flatMap(([, evaluation]) =>
        isError
          ? [lastOf(runs, evaluation), lastMedianOf(runs, evaluation)]
          : [lastOf(runs, evaluation)],
      ),
      columns.map(([, evaluation]) => divergedOf(runs, evaluation)).join(', '),
    ]),
  };
}

/** The metric over examples seen, of the systems with a run that came to its end. */
export function lossFigure({
  title,
  evaluation,
  ...of
}: Of & { readonly title: string; readonly evaluation: string }): readonly Figure[] {
  const systems = runsOf(of);
  const any = anyOf(systems, evaluation);
  if (!any) return [];
  const { metric, at, tasks } = any;
  const { task } = systems[0]!.runs[0]!.config;
  const figure: Figure = {
    title,
    note: `On ${tasks} unseen tasks, without lifetimes that diverged, with 95 % intervals over ${of.seeds > 1 ? `${of.seeds} seeds` : 'tasks'}.`,
    lines: {
      x: at.map(t => t * task.batch),
      xLabel: 'examples seen',
      yLabel: metric,
      percent: metric === 'accuracy',
      few: true,
      ...(metric === 'accuracy' &&
        task.kind === 'few-shot' && { references: [{ name: 'chance', value: 1 / task.ways }] }),
      lines: systems.flatMap(({ name, runs }) => {
        const all = evaluationsOf(runs, evaluation);
        if (all.length === 0) return [];
        const rows = all.map(one => one.rows[0]!);
        // a run that was adopted may have been asked at other moments
        const points = at.map(t => over(all.map((e, r) => rows[r]!.mean[e.at.indexOf(t)] ?? NaN)));
        return {
          name,
          values: points.map(p => p.mean),
          ci: rows.length > 1 ? points.map(p => p.ci!) : [...rows[0]!.ci],
        };
      }),
    },
  };
  return [figure];
}

/** What a system keeps of each part, mean over the seeds whose runs came to their end. */
export function forgettingFigure({
  evaluation,
  ...of
}: Of & { readonly evaluation: string }): readonly Figure[] {
  const [{ name, runs }] = runsOf(of) as [{ name: string; runs: readonly Trained[] }];
  const all = evaluationsOf(runs, evaluation);
  if (all.length === 0) return [];
  const { metric } = all[0]!;
  const curves = all.map(e => e.forgetting ?? failWithoutParts(name));
  const points = curves[0]!.parts.map((part, p) =>
    part.map((_, k) => over(curves.map(c => c.parts[p]?.[k] ?? NaN))),
  );
  const mean = {
    after: curves[0]!.after,
    parts: points.map(part => part.map(m => m.mean)),
    ci: curves.length > 1 ? points.map(part => part.map(m => m.ci!)) : curves[0]!.ci,
  };
  const figure: Figure = {
    title: `What ${name} keeps of each part`,
    note: `${metric[0]!.toUpperCase()}${metric.slice(1)} on each part at the end of each part.`,
    lines: forgettingLines(metric, mean, runs[0]!.config.task.batch),
  };
  return [figure];
}

function failWithoutParts(name: string): never {
  throw new MetaplasticError({
    where: `evaluation of ${name}`,
    expected: 'what is kept of each part of a lifetime',
    got: 'nothing of it',
    hint: 'make it again with metaplastic eval',
  });
}
