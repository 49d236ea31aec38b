import * as v from 'valibot';
import { DivergenceError, MetaplasticError } from '../errors.js';
import type { Gpu } from '../gpu/device.js';
import { ADJOINT, type PlanChoices } from '../gpu/options.js';
import { checkMoments, makePlan, totalTail, type Plan, type Work } from '../gpu/plan.js';
import { allOrDestroy, orDestroy, type Owned } from '../gpu/owned.js';
import type { Range } from '../gpu/places.js';
import { DRIFT_LIMIT, type MeanRules } from '../gpu/shape.js';
import { initialNumbers } from '../parameters/initial.js';
import { GROUPS, tensorsOf, type Layout } from '../parameters/layout.js';
import { penaltiesOf } from '../parameters/penalties.js';
import type { Metrics } from '../systems/metrics.js';
import { check, inWords, unknownName } from '../options.js';
import { ruleOf, type System } from '../systems/system.js';
import { areClasses } from '../tasks/classes.js';
import type { Tensor, Tensors } from '../tensor.js';
import { checkEpisodes, pixelsOf, type Episodes, type ImageBank } from '../tasks/episodes.js';
import { makeAdam, type Adam } from './adam.js';
import {
  ADAPT,
  checkMoment2,
  checkOptions,
  EPISODES,
  GRADIENT,
  STATE,
  type AdaptOptions,
  type CheckedOptions,
  type GradientOptions,
  type LearnerOptions,
} from './options.js';
import { KeptLifetimes } from './kept.js';
import { Lifetimes, readBack, type Inheritance, type Outcomes } from './lifetimes.js';
import { ratesAt } from './optimiser.js';
import { checkLived, live, type Lived } from './lived.js';
import { inFloat32, VALUES, type Values } from './values.js';

export type { Lived } from './lived.js';
export type { AdaptOptions, GradientOptions, LearnerOptions } from './options.js';
export type { Values } from './values.js';

/**
 * What a meta-step says of itself. Losses are those of the weighted moments; means run over the
 * tasks counted.
 */
export interface MetaStep {
  /** What is minimised: the mean loss, and the penalty. */
  readonly loss: number;
  readonly penalty: number;
  readonly medianLoss: number;
  /**
   * Share of the queries answered rightly at the last moment, 0 … 1, if the tasks are about
   * classes: under cross-entropy, or where every query's target is one-hot. Wrong are also ties,
   * what is no finite number, and every answer to a target that names no class (all zeros).
   */
  readonly accuracy?: number;
  /**
   * Tasks that went into the mean, and tasks left out because their loss or gradient was not
   * finite.
   */
  readonly counted: number;
  readonly diverged: number;
  /** Norm of the mean gradient, after per-task clipping and before `clip`. */
  readonly gradientNorm: number;
  /** (tasks) loss of each task. */
  readonly taskLosses: Float32Array;
  /** True if adjoint `reverse` had to be made again with checkpoints. */
  readonly fellBack: boolean;
}

/** A meta-step without its update, and the gradient of its loss. */
export interface MetaGradient extends MetaStep {
  /** By every meta-parameter's name: the mean over the tasks counted, and the penalty's. */
  readonly gradient: Tensors;
}

/** What a forward-only run shows; and all that `adapt` needs to go on `from` it. */
export interface Adaptation extends Lived {
  /**
   * (tasks, moments) query losses; and accuracies as in MetaStep, if the tasks are about classes.
   */
  readonly losses: Tensor;
  readonly accuracies?: Tensor;
  /** (tasks) whether a lifetime diverged: whether a loss or an answer of it is not finite. */
  readonly diverged: readonly boolean[];
  /** (tasks, moments, queries, n_L) outputs x_L. */
  readonly predictions: Tensor;
  /** What the network looks like from inside, if asked for. */
  readonly metrics?: Metrics;
}

/** Everything that the next meta-step depends on, besides its episodes. */
export interface LearnerState {
  /** Every meta-parameter, and Adam's moments of it. */
  readonly parameters: Tensors;
  readonly moment1: Tensors;
  readonly moment2: Tensors;
  /** Updates made. */
  readonly updates: number;
  /** Meta-steps made, those without an update included: the schedule goes by them. */
  readonly metaSteps: number;
}

/**
 * Meta-learns a system: its meta-parameters live on the GPU, `step` improves them by one meta-batch
 * of episodes, `adapt` lets them live episodes without changing them. Calls run in their order;
 * await them or not. Everything that a call is given is checked, and copied, when it is made; but
 * not the arrays of episodes, which are large: **leave those as they are until the promise of the
 * call has settled**.
 */
export class Learner implements Disposable, AsyncDisposable {
  readonly system: System;
  readonly layout: Layout;
  readonly plan: Plan;
  private updates = 0;
  private metaSteps = 0;
  private last: Promise<unknown> = Promise.resolve();
  private destroyed = false;
  private readonly kept: KeptLifetimes;

  /**
   * Checks the options, makes the plan, compiles the kernels and allocates the buffers.
   *
   * @param shared - from `openGpu`, `openNodeGpu` or `useDevice`; several learners may share it.
   *
   * @example
   * const tasks = sineTasks({ steps: 20, queries: 10 });
   * const learner = await Learner.create(gpu, {
   *   system: { sizes: [1, 32, 32, 1] },
   *   episode: tasks,
   *   tasks: 32,
   * });
   *
   * @throws MetaplasticError for an option that is none, by its name, and where the plan does not fit
   * the GPU or `budget.memory`; DeviceLostError.
   */
  static async create(shared: Gpu, given: LearnerOptions): Promise<Learner> {
    if (!shared?.device || !shared.machine)
      throw new MetaplasticError({
        where: 'Learner.create',
        expected: 'a GPU, from openGpu, openNodeGpu or useDevice',
        got: inWords(shared),
      });
    const options = checkOptions(given);
    const { system, budget } = options;
    const { bank } = options.episode;
    const plan = makePlan(workOf(system, options), shared.machine, budget, options.plan);
    const initial = initialNumbers(system, plan.layout, options.seed, options.initial);
    const gpu = shared.share();
    const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage;
    const usage = STORAGE | COPY_DST | COPY_SRC;
    const owned: Owned[] = [];
    const buffer = (label: string, size: number) => {
      const made = gpu.run(() => gpu.device.createBuffer({ label, size, usage }));
      owned.push(made);
      return made;
    };
    return orDestroy(owned, async () => {
      const inheritance: Inheritance = {
        parameters: buffer('parameters', 4 * plan.places.size),
        total: buffer('total', 4 * (plan.places.size + totalTail(plan))),
        ...(bank && { bank: uploadBank(gpu, bank, buffer) }),
      };
      const rules = rulesOf(options, plan.layout);
      const making = allOrDestroy([
        Lifetimes.create(gpu, plan, inheritance, rules),
        makeAdam(gpu, plan, inheritance, rules),
      ]);
      // a lost device tells more than what failed because of it
      const [lifetimes, adam] = await making.catch((error: unknown) =>
        gpu.guard(Promise.reject<never>(error)),
      );
      owned.push(lifetimes, adam);
      await gpu.guard(Promise.resolve());
      const learner = new Learner(gpu, options, system, plan, inheritance, lifetimes, adam);
      learner.upload(inheritance.parameters, initial);
      return learner;
    });
  }

  private constructor(
    private readonly gpu: Gpu,
    private readonly options: CheckedOptions,
    system: System,
    plan: Plan,
    private readonly inheritance: Inheritance,
    lifetimes: Lifetimes,
    private readonly adam: Adam,
  ) {
    this.system = system;
    this.plan = plan;
    this.layout = plan.layout;
    this.kept = new KeptLifetimes(
      this.options.budget.memory - this.sharedBytes,
      OF_STEPS,
      lifetimes,
    );
  }

  /**
   * Loss and meta-gradient of one meta-batch; the meta-parameters stay as they are. With `read:
   * false` the gradient stays on the GPU, as in a meta-step, whose time can be measured so.
   */
  gradient(episodes: Episodes, options?: { readonly read?: true }): Promise<MetaGradient>;
  gradient(episodes: Episodes, options: GradientOptions): Promise<MetaStep>;
  async gradient(episodes: Episodes, options: GradientOptions = {}): Promise<MetaStep> {
    const where = 'learner.gradient';
    const given = this.checked(episodes, where);
    const { read } = check(GRADIENT, options, where);
    return this.enqueue(async () => {
      const made = await this.metaStep(given);
      return read ? { ...made, gradient: await this.downloadAll(this.inheritance.total) } : made;
    });
  }

  /**
   * One meta-step: the gradient, then the optimiser's update.
   *
   * @param episodes - `tasks` lifetimes of the learner's own shape.
   *
   * @throws DivergenceError where no lifetime is finite, or one is not and `onDivergence` is error: the
   * meta-parameters are then unchanged; MetaplasticError for episodes of another shape, or with
   * numbers that are not finite; DeviceLostError.
   */
  async step(episodes: Episodes): Promise<MetaStep> {
    const given = this.checked(episodes, 'learner.step');
    return this.enqueue(async () => {
      const where = 'learner.optimiser.schedule';
      const rates = ratesAt(this.layout, this.options.optimiser, this.metaSteps, where);
      this.metaSteps++;
      const result = await this.metaStep(given, { rates, n: this.updates + 1 });
      if (result.counted > 0) this.updates++;
      return result;
    });
  }

  private async metaStep(
    episodes: Episodes,
    update?: { rates: readonly number[]; n: number },
  ): Promise<MetaStep> {
    const classes = areClasses(this.system, episodes);
    const record = (encoder: GPUCommandEncoder) => {
      if (update) this.adam.record(encoder, update);
    };
    const rules = rulesOf(this.options, this.layout);
    const make = (made: Plan) => Lifetimes.create(this.gpu, made, this.inheritance, rules);
    let lifetimes = await this.kept.of(OF_STEPS, { planWithin: () => this.plan, make });
    await lifetimes.run(episodes, { record });
    let outcomes = await lifetimes.outcomes();
    const fellBack = outcomes.drift > DRIFT_LIMIT;
    if (fellBack) {
      (this.options.onNotice ?? console.warn)(
        `adjoint 'reverse': undoing the updates drifted by ${outcomes.drift.toPrecision(2)} of the weights (limit ${DRIFT_LIMIT}), so this meta-step was made again with checkpoints`,
      );
      const { lanes, teams, grid, interval } = this.options.plan;
      lifetimes = await this.kept.of('checkpoints', {
        planWithin: bytes =>
          makePlan(
            { ...this.plan, adjoint: 'checkpoint' },
            this.gpu.machine,
            { ...this.options.budget, memory: bytes + this.sharedBytes },
            { lanes, teams, grid, interval }, // checkpoints need chunks of their own
          ),
        make,
      });
      await lifetimes.run(episodes, { record });
      outcomes = await lifetimes.outcomes();
    }
    const where = update ? 'learner.step' : 'learner.gradient';
    return { ...(await this.summarise(outcomes, lifetimes, classes, where)), fellBack };
  }

  private async summarise(
    { losses, accuracies, weights, norms, gradientNorm, penalty }: Outcomes,
    lifetimes: Lifetimes,
    classes: boolean,
    where: string,
  ): Promise<Omit<MetaStep, 'fellBack'>> {
    const { tasks, moments, momentWeights } = this.plan;
    const K = moments.length;
    const taskLosses = Float32Array.from({ length: tasks }, (_, i) =>
      momentWeights.reduce((sum, w, k) => (w === 0 ? sum : sum + w * losses[i * K + k]!), 0),
    );
    const counted = [...Array(tasks).keys()].filter(i => weights[i]! > 0);
    if (counted.length < (this.options.onDivergence === 'error' ? tasks : 1)) {
      const bad = weights.lastIndexOf(0);
      const tensor = await lifetimes.brokenTensor(bad);
      const { coefficient } = ruleOf(this.system);
      const [starts, rates] = coefficient
        ? [`initial.${coefficient}`, `rates.${coefficient}`]
        : ['the starts of the rule’s coefficients', 'their rates'];
      throw new DivergenceError({
        where,
        task: bad,
        tensor,
        problem: `lifetime ${bad} of the meta-batch diverged: loss ${taskLosses[bad]}, gradient norm ${norms[bad]}${tensor ? `, first not finite in the gradient of ${tensor}` : ''} (${tasks - counted.length} of ${tasks} diverged); the meta-parameters are unchanged`,
        hint: counted.length
          ? `lower ${rates} or the multiplier, set clipPerTask, or use onDivergence 'skip'`
          : `lower ${starts}, ${rates} or the multiplier`,
      });
    }
    const mean = (of: (i: number) => number) =>
      counted.reduce((sum, i) => sum + of(i), 0) / counted.length;
    const sorted = counted.map(i => taskLosses[i]!).sort((a, b) => a - b);
    return {
      loss: mean(i => taskLosses[i]!) + penalty,
      penalty,
      medianLoss: sorted.length ? sorted[sorted.length >> 1]! : NaN,
      ...(classes && { accuracy: mean(i => accuracies[i * K + K - 1]!) }),
      counted: counted.length,
      diverged: tasks - counted.length,
      gradientNorm,
      taskLosses,
    };
  }

  /**
   * Lives episodes without learning across them. They are asked their queries at `moments`, inner
   * steps done (default: after the last), and with `metrics` also looked at from inside.
   * The number of episodes may differ from the learner's; each such shape gets its own plan, whose
   * kernels and buffers are kept within `budget.memory`, until others need the room or `release` is
   * called. Episodes with `settings` give every task its own coefficients, so that a sweep of
   * settings is one meta-batch.
   *
   * `from` what an earlier `adapt` returned, lifetimes are not born but go on with their own
   * weights, velocities and random numbers: ten examples and then ten more are twenty, to the bit.
   * Moments count the inner steps of these episodes. A `signal` stops it between two chunks.
   *
   * @example
   * const first = await learner.adapt(ten);
   * const { losses } = await learner.adapt(tenMore, { from: first, moments: [0, 10] });
   */
  async adapt(given: Episodes, options: AdaptOptions = {}): Promise<Adaptation> {
    const where = 'learner.adapt';
    const shape = this.check(given, where);
    const { metrics, from: before, signal, ...asked } = check(ADAPT, options, where);
    const moments = asked.moments ? [...asked.moments] : [shape.steps];
    const from = before && checkLived(before, this.plan, shape, `${where}.from`);
    const episodes = from?.origin ? { ...shape, origin: from.origin } : shape;
    this.checkData(episodes, where);
    checkMoments(moments, episodes.steps, `${where}.moments`);
    this.checkSettings(episodes, where);
    return this.enqueue(async () => {
      signal?.throwIfAborted();
      const { tasks, steps, batch, queries } = episodes;
      const placed = this.placeSettings(episodes);
      const settings = placed ? placed.length / tasks : 0;
      const key = [tasks, steps, batch, queries, settings, metrics, ...moments].join(' ');
      const { parameters, bank } = this.inheritance;
      const lifetimes = await this.kept.of(key, {
        planWithin: bytes => {
          const work = { ...adaptWork(this.system, this.options, episodes, moments), settings };
          const memory = bytes + parameters.size + (bank?.size ?? 0);
          return makePlan(
            { ...work, metrics },
            this.gpu.machine,
            { ...this.options.budget, memory },
            adaptChoices(this.options.plan),
          );
        },
        make: plan => Lifetimes.create(this.gpu, plan, this.inheritance),
      });
      return live(lifetimes, placed ? { ...episodes, settings: placed } : episodes, from, signal);
    });
  }

  /** Every meta-parameter by its name. */
  async parameters(): Promise<Tensors> {
    return this.enqueue(() => this.downloadAll(this.inheritance.parameters));
  }
  /** One meta-parameter by its name: `W1`, `alpha2`, `beta`, … */
  async read(name: string): Promise<Tensor> {
    const { shape, ...range } = this.tensor(name);
    return this.enqueue(async () => ({
      data: await this.download(this.inheritance.parameters, range),
      shape,
    }));
  }
  /**
   * Replaces one meta-parameter, or several by their names, all or none of them: by tensors of
   * their shapes, or by their numbers row by row.
   */
  write(name: string, values: Values): void;
  write(values: Readonly<Record<string, Values>>): void;
  write(given: string | Readonly<Record<string, Values>>, values?: Values): void {
    const where = 'learner.write';
    const named = typeof given === 'string' ? { [given]: values! } : check(VALUES, given, where);
    const written = Object.entries(named).map(([name, one]) => {
      const tensor = this.tensor(name);
      return { tensor, data: inFloat32(one, tensor, `${where}(${name})`) };
    });
    for (const { tensor, data } of written) this.upload(this.inheritance.parameters, data, tensor);
  }

  /** What the next meta-step depends on, for `restore` and `writeCheckpoint`. */
  async state(): Promise<LearnerState> {
    return this.enqueue(async () => ({
      parameters: await this.downloadAll(this.inheritance.parameters),
      moment1: await this.downloadAll(this.adam.moment1),
      moment2: await this.downloadAll(this.adam.moment2),
      updates: this.updates,
      metaSteps: this.metaSteps,
    }));
  }
  /** Takes up a state that `state` gave, whole or not at all. */
  restore(given: LearnerState): void {
    const where = 'learner.restore';
    const state = check(STATE, given, where);
    const [parameters, moment1, moment2] = (['parameters', 'moment1', 'moment2'] as const).map(
      key => this.whole(state[key], `${where}.${key}`),
    );
    for (const [name, { data }] of Object.entries(tensorsOf(this.layout, moment2!)))
      checkMoment2(data, name, `${where}.moment2`);
    this.upload(this.inheritance.parameters, parameters!);
    this.upload(this.adam.moment1, moment1!);
    this.upload(this.adam.moment2, moment2!);
    void this.enqueue(async () => {
      this.updates = state.updates;
      this.metaSteps = state.metaSteps;
    });
  }

  /** Every meta-parameter of `given`, and no other, in the order of the layout. */
  private whole(given: Readonly<Record<string, Values>>, where: string): Float32Array {
    const values = check(VALUES, given, where);
    const stranger = Object.keys(values).find(name => !this.layout.get(name));
    if (stranger !== undefined)
      throw new MetaplasticError({ where, ...unknownParameter(this.layout, stranger) });
    const all = new Float32Array(this.layout.size);
    for (const tensor of this.layout.tensors)
      all.set(inFloat32(values[tensor.name]!, tensor, `${where}.${tensor.name}`), tensor.offset);
    return all;
  }

  /**
   * Bytes of GPU memory that the learner holds: those of its plan, then those of a fallback and of
   * what `adapt` was asked.
   */
  get allocatedBytes(): number {
    return this.sharedBytes + this.kept.allocatedBytes;
  }

  /** Of what does not belong to one plan. */
  private get sharedBytes(): number {
    const buffers = Object.values(this.inheritance) as GPUBuffer[];
    return buffers.reduce((sum, { size }) => sum + size, this.adam.allocatedBytes);
  }

  /**
   * Frees what is kept for `adapt` and for the fallback of adjoint `reverse`, after the calls made
   * before; it is made anew when it is needed.
   */
  release(): Promise<void> {
    return this.enqueue(async () => this.kept.release());
  }

  /** Frees every buffer, after the calls made before; later calls are refused. */
  destroy(): void {
    if (this.destroyed) return;
    void this.enqueue(async () => {
      this.kept.destroy();
      this.adam.destroy();
      for (const buffer of Object.values(this.inheritance)) buffer.destroy();
    });
    this.destroyed = true;
  }

  /** `using` frees the buffers at the end of a block, after the calls made before. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** `await using` also waits until they are free. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.destroy();
    await this.last;
  }

  /** Episodes that a meta-step can take: of the learner's own shape. */
  private checked(given: Episodes, where: string): Episodes {
    const episodes = this.check(given, where);
    for (const key of ['tasks', 'steps', 'batch', 'queries'] as const)
      if (episodes[key] !== this.plan[key])
        throw new MetaplasticError({
          where,
          expected: `episodes with ${key} = ${this.plan[key]}`,
          got: inWords(episodes[key]),
          hint: 'make a learner for this shape',
        });
    if (episodes.settings)
      throw new MetaplasticError({
        where: `${where}.settings`,
        expected: 'episodes without settings of their own',
        got: 'some',
        hint: 'settings are for learner.adapt: a meta-step learns the coefficients that all tasks share',
      });
    this.checkData(episodes, where);
    return episodes;
  }

  /** Is there something, and somebody to take it? A copy, but for its arrays, which must rest. */
  private check(given: Episodes, where: string): Episodes {
    if (this.destroyed) throw destroyedError();
    return check(EPISODES, given, where);
  }

  private checkData(episodes: Episodes, where: string): void {
    if (!episodes.origin && drawsNumbers(this.system))
      throw new MetaplasticError({
        where: `${where}.origin`,
        problem:
          'expected the seed and first number of these tasks, because their lifetimes draw weights or noise; got none',
        hint: 'give episodes.origin = { seed, first }',
      });
    checkEpisodes(
      episodes,
      {
        inputs: this.system.sizes[0]!,
        outputs: this.system.sizes.at(-1)!,
        bank: this.options.episode.bank,
      },
      where,
    );
  }

  /**
   * Settings replace the coefficients of the groups theta, eta, rule and alignment, which lie last in the
   * layout.
   */
  private checkSettings({ settings, tasks }: Episodes, where: string): void {
    if (!settings) return;
    const { size: count } = this.settable;
    if (settings.length !== tasks * count || count === 0)
      throw new MetaplasticError({
        where: `${where}.settings`,
        expected: `tasks × coefficients = ${tasks} × ${count} numbers (groups theta, eta, rule, alignment)`,
        got: `${settings.length}`,
      });
    const bad = settings.findIndex(v => !Number.isFinite(v));
    if (bad >= 0)
      throw new MetaplasticError({
        where: `${where}.settings`,
        expected: 'finite numbers',
        got: `${settings[bad]} in task ${Math.floor(bad / count)}`,
      });
  }

  /** The numbers of the layout that settings replace. */
  private get settable(): Range {
    const offset = this.layout.groupStart[GROUPS.indexOf('theta')]!;
    return { offset, size: this.layout.size - offset };
  }

  /**
   * (tasks, coefficients) settings, each task's in the places that coefficients have on the GPU.
   */
  private placeSettings({ settings, tasks }: Episodes): Float32Array<ArrayBuffer> | undefined {
    if (!settings) return undefined;
    const {
      settable,
      plan: { places },
    } = this;
    const { size } = places.range(settable);
    const placed = new Float32Array(tasks * size);
    for (let i = 0; i < tasks; i++)
      placed.set(
        places.pack(settings.subarray(i * settable.size, (i + 1) * settable.size), settable),
        i * size,
      );
    return placed;
  }

  private tensor(name: string) {
    const tensor = this.layout.get(name);
    if (!tensor)
      throw new MetaplasticError({
        where: 'learner',
        ...unknownParameter(this.layout, name),
      });
    return tensor;
  }

  /**
   * Numbers in the order of the layout, all or those of a tensor, into their places on the GPU; and
   * back.
   */
  private upload(buffer: GPUBuffer, data: Float32Array, of?: Range): void {
    if (this.destroyed) throw destroyedError();
    const { places } = this.plan;
    void this.enqueue(async () =>
      this.gpu.run(() =>
        this.gpu.device.queue.writeBuffer(
          buffer,
          4 * places.range(of).offset,
          places.pack(data, of),
        ),
      ),
    );
  }

  private async download(buffer: GPUBuffer, of?: Range): Promise<Float32Array> {
    const { places } = this.plan;
    const { offset, size } = places.range(of);
    return places.unpack(await readBack(this.gpu, buffer, 4 * offset, 4 * size), of);
  }

  private async downloadAll(buffer: GPUBuffer): Promise<Tensors> {
    return tensorsOf(this.layout, await this.download(buffer));
  }

  /** Runs `work` after the calls made before, whether or not they succeed. */
  private enqueue<T>(work: () => Promise<T>): Promise<T> {
    if (this.destroyed) return Promise.reject(destroyedError());
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }
}

/** The key of the lifetimes of meta-steps. */
const OF_STEPS = 'meta-steps';

const rulesOf = (
  { clipPerTask, optimiser, onDivergence, l1, system }: CheckedOptions,
  layout: Layout,
): MeanRules => ({
  clipPerTask,
  clip: optimiser.clip,
  penalties: penaltiesOf(system, layout, l1),
  everyTask: onDivergence === 'error',
});

/**
 * Do lifetimes of the system draw random numbers? Then they need to know which tasks of which seed
 * they are.
 */
const drawsNumbers = ({ weights, feedbackWeights, noise, mirror, feedbackRule }: System): boolean =>
  weights === 'drawn' ||
  feedbackWeights.startsWith('drawn') ||
  noise > 0 ||
  (feedbackRule !== 'fixed' && mirror === 'noise');

const unknownParameter = ({ tensors }: Layout, name: string) =>
  unknownName(
    'meta-parameter',
    inWords(name),
    tensors.map(t => t.name),
    name,
  );

const destroyedError = () =>
  new MetaplasticError({
    where: 'learner',
    expected: 'a learner in use',
    got: 'one that was destroyed',
    hint: 'make a new one',
  });

/** The work of a learner's meta-step, as the plan needs to know it. */
export function workOf(
  system: System,
  {
    episode,
    tasks,
    adjoint = v.getDefault(ADJOINT),
    moments = [episode.steps],
    momentWeights,
  }: LearnerOptions,
): Work {
  const weights = momentWeights ?? moments.map((_, k) => (k === moments.length - 1 ? 1 : 0));
  return {
    system,
    tasks,
    steps: episode.steps,
    batch: episode.batch,
    queries: episode.queries,
    adjoint,
    moments,
    momentWeights: weights,
    images: episode.bank?.count ?? 0,
    ...(episode.bank?.normalise && { normalise: episode.bank.normalise }),
    settings: 0,
  };
}

/**
 * The work of living episodes of this shape without learning across them, their queries asked at
 * `moments`.
 */
export const adaptWork = (
  system: System,
  options: LearnerOptions,
  { tasks, steps, batch, queries }: Pick<Episodes, 'tasks' | 'steps' | 'batch' | 'queries'>,
  moments: readonly number[],
): Work => ({
  ...workOf(system, options),
  tasks,
  steps,
  batch,
  queries,
  adjoint: 'none',
  moments,
  momentWeights: moments.map(() => 0),
});

/** What its plan has of the learner's: chunks, segments and checkpoints are its own. */
export const adaptChoices = ({ lanes, teams, grid }: PlanChoices): PlanChoices => ({
  lanes,
  teams,
  grid,
});

/** Each image in whole words of four levels. */
function uploadBank(
  { device, run }: Gpu,
  bank: ImageBank,
  make: (label: string, size: number) => GPUBuffer,
): GPUBuffer {
  const pixels = pixelsOf(bank);
  const stride = Math.ceil(pixels / 4) * 4;
  const padded = new Uint8Array(bank.count * stride);
  for (let i = 0; i < bank.count; i++)
    padded.set(bank.pixels.subarray(i * pixels, (i + 1) * pixels), i * stride);
  const buffer = make('bank', padded.length);
  run(() => device.queue.writeBuffer(buffer, 0, padded));
  return buffer;
}
