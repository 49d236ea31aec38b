import {
  defineRule,
  RUN_PRESETS,
  type ReadData,
  type RuleSpec,
  type RunConfig,
  type RunConfigInput,
} from 'metaplastic';
import { SIDE } from 'metaplastic/symbols';
import { symbolBank } from 'metaplastic/symbols';

/** Who learns: the network of the written rule, and the two that are meta-trained beside it. */
export const LEARNERS = ['rule', 'descent', 'oja'] as const;
export type LearnerName = (typeof LEARNERS)[number];

/** What the page asks to be meta-trained. */
export interface Asked {
  readonly rule: RuleSpec;
  readonly task: TaskName;
  /** How an error comes down, for rules that read one. */
  readonly feedback: ErrorPath;
  readonly activation: Activation;
  readonly width: number;
  readonly tasks: number;
  readonly steps: number;
  readonly seed: number;
}

/** Bounded by default: a rule that strengthens itself does not blow up at once. */
export const ACTIVATIONS = ['tanh', 'relu', 'softplus', 'sigmoid'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export const ERROR_PATHS = ['chained', 'direct', 'sign-symmetric', 'backprop'] as const;
export type ErrorPath = (typeof ERROR_PATHS)[number];

/** Made-up symbols of 14 × 14 pixels, of which each is drawn so often. */
const DRAWN = { seed: 17, classes: 400, each: 12 } as const;

/** Files of a saved run's drawings, in a folder of data. */
export const DRAWINGS = { images: 'symbols-images.idx', labels: 'symbols-labels.idx' } as const;
const WAYS = 5;

const sine = RUN_PRESETS['flp-sine']!;
const fewShot = RUN_PRESETS['flp-omniglot']!;

/** What is learned, by what kind of network, at which meta-learning rates. */
interface Task {
  readonly task: RunConfigInput['task'];
  readonly at: readonly number[];
  readonly clipPerTask: number;
  readonly sizes: (width: number) => readonly number[];
  readonly network: Pick<RunConfigInput['system'], 'loss' | 'frozen'>;
  /** Of weights and feedback, and of a coefficient of the rule that says none of its own. */
  readonly rates: { readonly W: number; readonly rule: number };
  /** Of the rivals’ own coefficients, as of the presets of the same tasks. */
  readonly alpha: number;
  readonly eta: number;
}

export const TASKS = {
  sine: {
    task: sine.task,
    at: [0, 1, 5, 10, 20],
    clipPerTask: 5,
    sizes: width => [1, width, width, 1],
    network: { loss: 'squared-error' },
    rates: { W: 4e-3, rule: 1e-3 },
    alpha: 1e-3,
    eta: 1e-3,
  },
  symbols: {
    task: {
      ...fewShot.task,
      kind: 'few-shot',
      source: { format: 'idx', ...DRAWINGS, testFraction: 0.1 },
      ways: WAYS,
      shots: 5,
      queriesPerClass: 5,
    } as RunConfigInput['task'],
    at: [0, 5, 10, 25],
    clipPerTask: 10,
    sizes: width => [SIDE * SIDE, 2 * width, width, WAYS],
    network: { loss: 'cross-entropy', frozen: [1] },
    rates: { W: 2e-3, rule: 1e-3 },
    alpha: 6e-4,
    eta: 1e-3,
  },
} as const satisfies Record<string, Task>;
export type TaskName = keyof typeof TASKS;

/** The configuration of a run of the written rule. */
export function configOf(asked: Asked): RunConfigInput {
  const { task, at, clipPerTask, sizes, network, rates }: Task = TASKS[asked.task];
  const rule = defineRule(asked.rule);
  const standard = rule.coefficients
    .filter(({ rate }) => rate === undefined)
    .map(({ name }) => [`rule.${name}`, rates.rule]);
  const usesB = rule.from === 'post' || (rule.from === 'error' && asked.feedback !== 'backprop');
  return {
    name: rule.name,
    seed: asked.seed,
    task,
    system: {
      ...network,
      sizes: sizes(asked.width),
      activation: asked.activation,
      rule: rule.spec,
      ...(rule.from === 'error' && { feedback: asked.feedback }),
    },
    meta: {
      tasks: asked.tasks,
      steps: asked.steps,
      rates: {
        W: rates.W,
        ...(usesB && { B: rates.W }),
        ...(rule.from === 'post' && { beta: rates.W }),
        ...Object.fromEntries(standard),
      },
      decay: { kind: 'cosine', floor: 0.05 },
      clipPerTask,
      adjoint: 'store',
      onDivergence: 'skip',
    },
    evaluation: { tasks: 200, at },
    checkpointEvery: 25,
  };
}

/** The task of a run, if the page has it. */
export function taskOf({ task }: Pick<RunConfig, 'task'>): TaskName | undefined {
  if (task.kind === 'sine') return 'sine';
  const drawn =
    task.kind === 'few-shot' &&
    task.source.format === 'idx' &&
    task.source.images === DRAWINGS.images &&
    task.source.labels === DRAWINGS.labels;
  return drawn ? 'symbols' : undefined;
}

/**
 * The same run with another learner, as it does best: FLP's rule, or gradient descent from learned
 * weights at a learned rate of each synapse.
 */
export function rivalOf(own: RunConfig, name: 'descent' | 'oja'): RunConfigInput {
  const { alpha, eta, rates }: Task = TASKS[taskOf(own)!];
  const { sizes, activation, loss, frozen } = own.system;
  const network = { sizes, activation, loss, frozen };
  const { plan: _, ...rest } = own;
  return name === 'oja'
    ? {
        ...rest,
        system: { ...network, rule: 'oja', alpha: 'synapse' },
        initial: { alpha: 0, beta: 0.5 },
        meta: {
          ...own.meta,
          rates: { W: rates.W, B: rates.W, beta: rates.W, alpha },
        },
      }
    : {
        ...rest,
        system: { ...network, preset: 'maml', eta: 'synapse' },
        initial: { eta: 0.01 },
        meta: { ...own.meta, rates: { W: rates.W, eta } },
      };
}

type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
let drawings: Files | undefined;
/** The drawings as IDX files by their names, made when they are first asked for. */
export function drawingFiles(): Files {
  if (drawings) return drawings;
  const { count, width, height, pixels, labels } = symbolBank(DRAWN);
  return (drawings = {
    [DRAWINGS.images]: idx([count, height, width], pixels),
    [DRAWINGS.labels]: idx([count], labels as Uint16Array),
  });
}

/** Reads data of a configuration: the page has no others than its drawings. */
export const readDrawings: ReadData = path => {
  const files = drawingFiles();
  return Object.hasOwn(files, path)
    ? Promise.resolve(files[path]!)
    : Promise.reject(new Error(`${path}: this page has no data but its drawings`));
};

/** Numbers as an IDX file (http://yann.lecun.com/exdb/mnist), of bytes or of 16 bits. */
function idx(shape: readonly number[], data: Uint8Array | Uint16Array): Uint8Array<ArrayBuffer> {
  const wide = data instanceof Uint16Array;
  const header = 4 + 4 * shape.length;
  const file = new Uint8Array(header + data.byteLength);
  const view = new DataView(file.buffer);
  view.setUint16(2, ((wide ? 0x0b : 0x08) << 8) + shape.length);
  shape.forEach((size, k) => view.setUint32(4 + 4 * k, size));
  data.forEach((value, k) => {
    if (wide) view.setInt16(header + 2 * k, value);
    else view.setUint8(header + k, value);
  });
  return file;
}
