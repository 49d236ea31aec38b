import { expect, test } from 'vitest';
import { MetaplasticError } from '../../src/errors.js';
import { makePlan } from '../../src/gpu/plan.js';
import { initialParameters } from '../../src/parameters/initial.js';
import { layoutOf } from '../../src/parameters/layout.js';
import { checkOptions, type LearnerOptions } from '../../src/learner/options.js';
import { workOf } from '../../src/learner/learner.js';
import { readCase } from '../../src/reference/case.js';
import { parseConfig, shapeOf, type RunConfig } from '../../src/config/config.js';
import { RUN_PRESETS } from '../../src/config/presets.js';
import { learnerOptions } from '../../src/runs/train.js';
import { defineSystem } from '../../src/systems/system.js';
import { SYSTEM_PRESETS } from '../../src/systems/presets.js';
import type { TaskSource } from '../../src/tasks/episodes.js';
import { fewShotTasks } from '../../src/tasks/few-shot.js';
import { random } from '../../src/tasks/random.js';
import { sineSequenceTasks, sineTasks } from '../../src/tasks/sine.js';
import { imageStreamTasks } from '../../src/tasks/stream.js';
import { SOFTWARE } from '../gpu/machine.js';
import conv from '../oracle/conv-flp-encoder.json' with { type: 'json' };
import flp from '../oracle/flp-regression-oja.json' with { type: 'json' };
import { mutate } from './mutate.js';

/** Inputs of each kind; METAPLASTIC_FUZZ asks for more. */
const INPUTS = Number(process.env['METAPLASTIC_FUZZ'] ?? 120);

/** Seconds of the CPU that a door may take; what hangs takes minutes. */
const PATIENCE = 2;

/** What a door made of an input: a value, or the message of the library's own error. */
function answer(door: () => unknown): string {
  const start = process.cpuUsage();
  let message = 'a value';
  try {
    door();
  } catch (error) {
    if (!(error instanceof MetaplasticError)) return `raw: ${String(error)}`;
    ({ message } = error);
  }
  const { user, system } = process.cpuUsage(start);
  if ((user + system) / 1e6 > PATIENCE) return 'too slow';
  return message.length > 1200 ? `too long: ${message.length}` : message;
}

/** Asks a door seeded faulty versions of what is right; returns those that end badly. */
function badAnswers(right: readonly unknown[], door: (given: any) => unknown) {
  const bad: unknown[] = [];
  let refused = 0;
  for (let k = 0; k < INPUTS; k++) {
    const given = mutate(right[k % right.length], random(27, k));
    const said = answer(() => door(given));
    if (said !== 'a value') refused++;
    if (/^(raw: |too slow|too long)/.test(said)) bad.push([k, said]);
  }
  return { bad, refused };
}

/** What a run with this configuration does before it needs a GPU. */
function plansOf(config: RunConfig) {
  const { task } = config;
  const { steps } = shapeOf(task);
  const batch = task.batch;
  const queries =
    task.kind === 'sine-sequence'
      ? task.functions * task.queriesPerFunction
      : task.kind === 'few-shot'
        ? task.ways * task.queriesPerClass
        : task.queries;
  const options = learnerOptions(config, { steps, batch, queries });
  const { system, budget, plan } = checkOptions(options);
  return makePlan(workOf(system, options), SOFTWARE, budget, plan);
}

/** Tasks of a source; those of many numbers take their time, or are refused. */
function lived(source: TaskSource) {
  const numbers = (source.steps * source.batch + source.queries) * (source.inputs + source.outputs);
  return numbers < 1e6 || numbers > 1e9 ? source.episodes(1, 0, 2) : source;
}

/** JSON has no typed arrays. */
function withBank(given: any) {
  const typed = (list: unknown, Type: typeof Uint8Array | typeof Uint16Array) =>
    Array.isArray(list) ? new Type(list.map(x => (typeof x === 'number' ? x : 255))) : list;
  const bank = given?.bank;
  if (typeof bank !== 'object' || bank === null) return given;
  const { pixels, labels } = bank;
  return {
    ...given,
    bank: { ...bank, pixels: typed(pixels, Uint8Array), labels: typed(labels, Uint16Array) },
  };
}

const bank = {
  count: 12,
  width: 2,
  height: 2,
  classes: 3,
  pixels: new Array(48).fill(7),
  labels: [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2],
};
const learner: LearnerOptions = {
  system: { sizes: [1, 8, 1] },
  episode: { steps: 4, batch: 2, queries: 3 },
  tasks: 4,
  optimiser: { kind: 'adam', rates: { W: 1e-3, alpha: 1e-4, W1: 0 }, clip: 1 },
  moments: [0, 4],
  momentWeights: [0, 1],
  clipPerTask: 2,
  initial: { alpha: 0.1, weights: 'xavier' },
  seed: 3,
  budget: { memory: 1e8 },
  plan: { lanes: 4 },
};

const DOORS: readonly [string, readonly unknown[], (given: any) => unknown][] = [
  ['a configuration', Object.values(RUN_PRESETS), given => plansOf(parseConfig(given, 'run.json'))],
  [
    'the options of a learner',
    [learner, { ...learner, system: { preset: 'pool', sizes: [2, 3, 2] }, optimiser: undefined }],
    given => {
      const { system, budget, plan } = checkOptions(given);
      return makePlan(workOf(system, given), SOFTWARE, budget, plan);
    },
  ],
  [
    'a system',
    Object.keys(SYSTEM_PRESETS).map(preset => ({
      preset,
      sizes: [3, 4, 2],
      frozen: [],
      multiplier: 1,
    })),
    given => layoutOf(defineSystem(given)),
  ],
  [
    'a beginning',
    [{ weights: 'kaiming', weightScale: 1, feedback: 'normal', alpha: 0, beta: 0.5, eta: 0.1 }],
    given => {
      const system = defineSystem({ sizes: [1, 2, 1] });
      return initialParameters(system, layoutOf(system), 1, given);
    },
  ],
  [
    'sines',
    [{ steps: 4, batch: 2, queries: 3, amplitude: [1, 2], phase: [0, 3], x: [-5, 5] }],
    given => lived(sineTasks(given)),
  ],
  [
    'a sequence of sines',
    [{ functions: 2, slots: 3, stepsPerFunction: 2, batch: 2, pool: 9, order: 'iid', seed: 1 }],
    given => lived(sineSequenceTasks(given)),
  ],
  [
    'few shots',
    [
      {
        bank,
        ways: 2,
        shots: 2,
        queriesPerClass: 1,
        batch: 2,
        order: 'continual',
        classes: [0, 1],
      },
    ],
    given => lived(fewShotTasks(withBank(given))),
  ],
  [
    'a stream',
    [{ bank, steps: 2, batch: 2, queries: 2, classes: 2, heldOut: 0.5, order: 'iid', outputs: 4 }],
    given => lived(imageStreamTasks(withBank(given))),
  ],
  [
    'a system with convolutions',
    [
      {
        image: [2, 7, 5],
        layers: [
          { conv: { channels: 3, kernel: 3, stride: 2, padding: 1 } },
          { conv: { channels: 2, kernel: 2, pool: 'max', poolSize: 2 } },
          { dense: 4 },
          { dense: 2 },
        ],
        frozen: [1, 2],
      },
    ],
    given => layoutOf(defineSystem(given)),
  ],
  ['a case', [flp], readCase],
  ['a case with convolutions', [conv], readCase],
];

test.each(DOORS)('%s with faults is a value or one clear error', (_, right, door) => {
  const { bad, refused } = badAnswers(right, door);
  expect(bad).toEqual([]);
  expect(refused).toBeGreaterThan(INPUTS / 10);
});
