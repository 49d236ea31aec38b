import { MetaplasticError } from '../errors.js';
import { fastLayout, type FastLayout } from '../gpu/fast.js';
import { readMetrics } from '../gpu/metrics.js';
import { placesOfStates } from '../gpu/looks.js';
import { placesOfTensor } from '../gpu/places.js';
import { roomFor, type Plan } from '../gpu/plan.js';
import { check, inWords, list, MOST, needed, section, thing, whole } from '../options.js';
import { feedbackShape, weightShape } from '../parameters/layout.js';
import { statesOf, type System } from '../systems/system.js';
import { areClasses } from '../tasks/classes.js';
import type { Episodes, Origin } from '../tasks/episodes.js';
import type { Tensor, Tensors } from '../tensor.js';
import type { Adaptation } from './learner.js';
import { placeInQuads, quadsOf, type Beginning, type Lifetimes } from './lifetimes.js';
import { ORIGIN } from './options.js';
import { inShape, VALUES, type Values } from './values.js';

/** Lifetimes as they are after their last inner step: all that they need to go on. */
export interface Lived {
  readonly system: System;
  /** Inner steps lived, from birth on. */
  readonly steps: number;
  /** The random numbers that are theirs, if the episodes told. */
  readonly origin?: Origin;
  /**
   * Fast weights of each task and layer inside the lifetime: `finalWeights[task].W2`, (n_2, n_1);
   * and plastic biases, `b2`, (n_2).
   */
  readonly finalWeights: readonly Tensors[];
  /** Likewise the feedback weights that lifetimes have of their own: `finalFeedback[task].B2`. */
  readonly finalFeedback: readonly Tensors[];
  /** Likewise the velocities of the weights, if there is momentum: `finalVelocities[task].W2`. */
  readonly finalVelocities: readonly Tensors[];
  /**
   * Likewise the states of synapses and of neurons of a written rule: state h of layer 2
   * `finalSynapse[task]['h.2']`, (n_2, n_1), of plastic layers; state m of the activities x_l
   * `finalNeuron[task]['m.0']`, (n_0), from the first that a lifetime sees to the outputs.
   */
  readonly finalSynapse: readonly Tensors[];
  readonly finalNeuron: readonly Tensors[];
}

/** The parts of Lived that are tensors of each task. */
type Part = 'finalWeights' | 'finalFeedback' | 'finalVelocities' | 'finalSynapse' | 'finalNeuron';

/** A tensor of a lifetime, and where it lies among a task's fast weights. */
interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  /** Places of its numbers, row by row. */
  readonly places: Uint32Array;
}

/** Where a forward-only plan of the system keeps them. */
function placesOf(system: System, fast: FastLayout): Record<Part, readonly Place[]> {
  const inside = system.layers.slice(system.encoderLayers);
  const placed = (name: string, shape: readonly number[], at: number): Place => ({
    name,
    shape,
    places: placesOfTensor(system, { name, shape }, at),
  });
  const weights = inside.map((l, k) => placed(`W${l.index}`, weightShape(l), fast.W[k]!));
  const biases = inside.map((l, k) => placed(`b${l.index}`, [l.fanOut], fast.bias[k]!));
  const feedback = inside.flatMap((l, k) =>
    fast.keepsB[k] ? [placed(`B${l.index}`, feedbackShape(system, l), fast.B[k]!)] : [],
  );
  const { synapse, neuron } = statesOf(system);
  return {
    finalWeights: system.plasticBias ? weights.flatMap((W, k) => [W, biases[k]!]) : weights,
    finalFeedback: feedback,
    finalVelocities: inside.flatMap((l, k) => {
      if (!system.momentum || !l.plastic) return [];
      const changing = system.plasticBias ? [weights[k]!, biases[k]!] : [weights[k]!];
      return changing.map(place => behind(place, fast.plastic));
    }),
    finalSynapse: synapse.flatMap(({ name }, s) =>
      inside.flatMap((l, k) =>
        l.plastic
          ? [{ ...behind(weights[k]!, (s + 1) * fast.plastic), name: `${name}.${l.index}` }]
          : [],
      ),
    ),
    finalNeuron: neuron.flatMap(({ name }, s) =>
      fast.neurons.layers.map((layerAt, k): Place => {
        const l = system.encoderLayers + k;
        const at = fast.neurons.at + s * fast.neurons.size + layerAt;
        return {
          name: `${name}.${l}`,
          shape: [system.sizes[l]!],
          places: placesOfStates(system, l).map(place => at + place),
        };
      }),
    ),
  };
}

/** What lies like another tensor, so far behind it. */
const behind = (place: Place, by: number): Place => ({
  ...place,
  places: place.places.map(at => at + by),
});

const ofTasks = (about: string) =>
  needed(list(VALUES, 'objects with tensors by their names'), { about });

const LIVED = section(
  {
    system: needed(thing<System>('a system'), { about: 'Whose lifetimes they are.' }),
    steps: needed(whole(1), { about: 'Inner steps lived.' }),
    origin: ORIGIN,
    finalWeights: ofTasks('Fast weights.'),
    finalFeedback: ofTasks('Feedback weights.'),
    finalVelocities: ofTasks('Velocities.'),
    finalSynapse: ofTasks('States of synapses.'),
    finalNeuron: ofTasks('States of neurons.'),
  },
  { open: true },
);

/** A copy of lifetimes that a learner can go on with, or an error that says why not. */
export function checkLived(
  given: Lived,
  { system, places }: Pick<Plan, 'system' | 'places'>,
  { tasks, steps }: Pick<Episodes, 'tasks' | 'steps'>,
  where: string,
): Lived {
  const lived = check(LIVED, given, where);
  const other = (Object.keys(system) as (keyof System)[]).find(
    key => JSON.stringify(lived.system[key]) !== JSON.stringify(system[key]),
  );
  if (other)
    throw new MetaplasticError({
      where,
      expected: `lifetimes of this learner's system, whose ${other} is ${inWords(system[other])}`,
      got: `${inWords(lived.system[other])}`,
      hint: 'go on with a learner of the same system',
    });
  if (lived.steps + steps > MOST)
    throw new MetaplasticError({
      where: `${where}.steps`,
      expected: `at most ${MOST} inner steps in a lifetime`,
      got: `${lived.steps} and ${steps} more`,
    });
  const copied = Object.entries(placesOf(system, fastLayout(system, places, 1))).map(
    ([part, wanted]) => {
      const of = `${where}.${part}`;
      const found = lived[part as Part];
      if (found.length !== tasks)
        throw new MetaplasticError({
          where: of,
          expected: `lifetimes of ${tasks} tasks, as many as the episodes have`,
          got: `${found.length}`,
        });
      // What has diverged may go on diverging beside the others.
      return [part, found.map((one, task) => copyOf(one, wanted, `${of}[${task}]`))];
    },
  );
  return { ...lived, ...Object.fromEntries(copied) };
}

/** The tensors that a lifetime has, and no others. */
function copyOf(
  given: Readonly<Record<string, Values>>,
  wanted: readonly Place[],
  where: string,
): Tensors {
  const names = wanted.map(({ name }) => name);
  if (inWords(Object.keys(given).toSorted()) !== inWords(names.toSorted()))
    throw new MetaplasticError({
      where,
      expected: names.length ? `the tensors ${names.join(', ')}` : 'no tensors',
      got: inWords(Object.keys(given)),
    });
  return Object.fromEntries(
    wanted.map(({ name, shape }): [string, Tensor] => {
      const size = shape.reduce((product, n) => product * n, 1);
      const data = inShape(given[name]!, { name, shape, size }, `${where}.${name}`);
      return [name, { data, shape }];
    }),
  );
}

/** How a plan takes lifetimes up. */
function beginningOf(plan: Plan, lived: Lived): Beginning {
  const { system, fast, perTask, teams, tasks, tasksPerChunk } = plan;
  const places = Object.entries(placesOf(system, fast)).flatMap(([part, found]) =>
    found.map(place => ({ part: part as Part, name: place.name, at: place.places })),
  );
  return {
    age: lived.steps,
    fastOf(chunk) {
      const first = chunk * tasksPerChunk;
      const quads = new Float32Array(roomFor(tasksPerChunk, teams) * perTask.fast);
      for (let i = 0; i < Math.min(tasksPerChunk, tasks - first); i++) {
        const place = placeInQuads(perTask.fast, i, teams);
        for (const { part, name, at } of places) {
          const { data } = lived[part][first + i]![name]!;
          for (let k = 0; k < data.length; k++) quads[place(at[k]!)] = data[k]!;
        }
      }
      return quads;
    },
  };
}

/** Is a number of task i, of those of all tasks, not finite? */
const isBroken = (all: Float32Array, tasks: number, i: number): boolean => {
  const own = all.length / tasks;
  return all.subarray(i * own, (i + 1) * own).some(x => !Number.isFinite(x));
};

/** Lives episodes forward only, from birth or `from` where lifetimes ended before. */
export async function live(
  lifetimes: Lifetimes,
  episodes: Episodes,
  from?: Lived,
  signal?: AbortSignal,
): Promise<Adaptation> {
  const { plan } = lifetimes;
  const { perTask, record, fast, teams, tasksPerChunk, moments, queries, system, tasks } = plan;
  const outputs = system.sizes.at(-1)!;
  const classes = areClasses(system, episodes);
  const outputAt = record.xAt.at(-1)!;
  const queryAt = perTask.records * record.size;
  const asked = moments.length * queries;
  const predictions = new Float32Array(tasks * asked * outputs);
  const final: Record<Part, Tensors[]> = {
    finalWeights: [],
    finalFeedback: [],
    finalVelocities: [],
    finalSynapse: [],
    finalNeuron: [],
  };
  const places = Object.entries(placesOf(system, fast)).map(([part, found]) => ({
    part: part as Part,
    tensors: found,
  }));
  const shown = async (chunk: number) => {
    const { activities, fast: weights } = await lifetimes.readShown();
    for (let i = 0; i < Math.min(tasksPerChunk, tasks - chunk * tasksPerChunk); i++) {
      const activity = (k: number) =>
        activities[(Math.floor(i / teams) * perTask.activity + k) * teams + (i % teams)]!;
      const own = quadsOf(weights, perTask.fast, i, teams);
      for (let q = 0; q < asked; q++)
        for (let o = 0; o < outputs; o++) {
          predictions[((chunk * tasksPerChunk + i) * asked + q) * outputs + o] = activity(
            queryAt + q * record.row + outputAt + o,
          );
        }
      for (const { part, tensors } of places)
        final[part].push(
          Object.fromEntries(
            tensors.map(({ name, shape, places }): [string, Tensor] => [
              name,
              { data: Float32Array.from(places, k => own[k]!), shape },
            ]),
          ),
        );
    }
  };
  await lifetimes.run(episodes, {
    shown,
    signal,
    ...(from && { from: beginningOf(plan, from) }),
  });
  const { losses, accuracies, metrics } = await lifetimes.outcomes();
  const shape = [tasks, moments.length];
  return {
    system,
    steps: (from?.steps ?? 0) + episodes.steps,
    ...(episodes.origin && { origin: episodes.origin }),
    losses: { data: losses, shape },
    ...(classes && { accuracies: { data: accuracies, shape } }),
    diverged: Array.from({ length: tasks }, (_, i) =>
      [losses, predictions].some(all => isBroken(all, tasks, i)),
    ),
    predictions: { data: predictions, shape: [...shape, queries, outputs] },
    ...final,
    ...(plan.metrics && { metrics: readMetrics(system, moments.length, metrics) }),
  };
}
