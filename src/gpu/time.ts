import { greatest } from '../extremes.js';
import { productsOf, type System, writtenOf } from '../systems/system.js';
import { equationOperations, isMadeOfProducts } from './equation.js';
import type { Machine, Work } from './plan.js';
import type { Segment } from './segments.js';

/** What parts of a chunk's lifetimes are guessed to take, in seconds. */
export interface Seconds {
  /** An inner step, and a query, each in whichever direction takes longer. */
  readonly step: number;
  readonly query: number;
  /** What adjoint `checkpoint` does besides in a segment that enters a block of so many steps. */
  readonly block: { readonly steps: number; readonly seconds: number };
  /** The longest dispatch that only fewer tasks make shorter: metrics, or an encoder's. */
  readonly whole: number;
}

/** So many inner steps, wherever blocks of checkpoints begin. */
export const secondsOfSteps = (steps: number, { step, block }: Seconds): number =>
  steps * step + (steps > 0 ? (Math.floor(steps / block.steps) + 1) * block.seconds : 0);

export const secondsOfSegment = (segment: Segment, seconds: Seconds): number =>
  secondsOfSteps(segment.lastStep - segment.firstStep, seconds) +
  (segment.lastMoment - segment.firstMoment) *
    (segment.lastQuery - segment.firstQuery) *
    seconds.query;

/**
 * A guess at the times of the dispatches of a chunk of `work.tasks` lifetimes, on the long side by
 * a factor of about 3, so that a slower machine keeps to its time as well. Measured on SwiftShader
 * (`tests/gpu/time.test.ts`), where a workgroup is one core's work: a step or a query costs
 * something itself, for its layers, its neurons, and the synapses of each lane. Of GPUs it is a low
 * guess at their speed.
 */
export function estimateSeconds(
  work: Work,
  machine: Machine,
  plan: { readonly lanes: number; readonly teams: number; readonly interval: number },
): Seconds {
  const { system, tasks, batch, queries } = work;
  const { encoderLayers } = system;
  const inside = system.layers.slice(encoderLayers);
  const layers = inside.length;
  const neurons = sum(inside.map(l => l.units));
  const synapses = sum(inside.map(productsOf)) + (system.plasticBias ? neurons : 0);
  const learns = work.adjoint !== 'none';
  const back = (seconds: number) => (learns ? seconds : seconds / 2);
  const rule =
    (system.rule === 'pool' ? 1.8 : 1) *
    (system.feedbackRule === 'fixed' ? 1 : 2.5) *
    (work.adjoint === 'reverse' ? 1.6 : 1) *
    (system.momentum ? 1.4 : 1);
  const { turn, neuron, synapse, product } = paceOf(machine, plan, tasks);
  const { ofTurns, ofNeurons, ofSynapses } = equationShares(system);
  const step =
    rule *
    (back(turn * (2 + layers) * ofTurns) +
      batch * (back(neuron * neurons * ofNeurons) + synapse * synapses * ofSynapses));
  const rows = work.steps * batch + work.moments.length * queries;
  const products = system.layers
    .slice(0, encoderLayers)
    .map((layer, k) => (k > 0 ? back(2) : 1) * productsOf(layer));
  return {
    step,
    query: (learns ? 1 : 0.4) * (0.13 * neuron * neurons + 0.4 * synapse * synapses),
    block: {
      steps: plan.interval,
      seconds: work.adjoint === 'checkpoint' ? 0.4 * plan.interval * step : 0,
    },
    whole: Math.max(
      work.metrics ? queries * (0.7 * neuron * neurons + 1.5 * synapse * synapses) : 0,
      tasks * rows * product * greatest([0, ...products]),
    ),
  };
}

/**
 * How much longer the parts of a step take where every synapse changes by an equation of its own:
 * layers are gone through several times, neurons may have states, and the more operations an
 * equation has, the longer a synapse takes. Measured as the rest.
 */
function equationShares(system: System) {
  const rule = writtenOf(system);
  if (!rule || isMadeOfProducts(rule)) return { ofTurns: 1, ofNeurons: 1, ofSynapses: 1 };
  const { adjoint } = equationOperations(rule);
  return {
    ofTurns: 1.5,
    ofNeurons: 1 + 0.3 * rule.neuron.length,
    ofSynapses: 1 + adjoint / 12,
  };
}

/** Seconds of parts of the tasks' inner steps, all tasks together. */
interface Pace {
  /** What all lanes do once in a step or in a layer, however few its neurons. */
  readonly turn: number;
  /** A neuron, and a synapse. */
  readonly neuron: number;
  readonly synapse: number;
  /** One product of an encoder, in a task. */
  readonly product: number;
}

function paceOf(
  { software, subgroup, cores }: Machine,
  { lanes, teams }: { readonly lanes: number; readonly teams: number },
  tasks: number,
): Pace {
  if (!software) {
    const synapse = Math.max(2e-6 / lanes, 2e-9 * tasks);
    return { turn: 5e-6, neuron: 1e-6 / lanes, synapse, product: 5e-11 };
  }
  const workgroups = Math.ceil(tasks / teams);
  const oneByOne = Math.ceil(workgroups / cores) * Math.ceil((lanes * teams) / subgroup);
  return {
    turn: 28e-6 * oneByOne,
    neuron: 2.8e-6 * oneByOne,
    synapse: (0.2e-6 * oneByOne) / lanes,
    product: 1e-8 / cores,
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
