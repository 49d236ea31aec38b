import type { Tree } from './tree.js';

/**
 * How finely a coefficient is resolved: one per synapse, per post-synaptic neuron, per layer, or
 * one for the network.
 */
export const GRANULARITIES = ['synapse', 'neuron', 'layer', 'network'] as const;
/** Whose own a coefficient is: one of GRANULARITIES. */
export type Granularity = (typeof GRANULARITIES)[number];

/**
 * What an expression may read of a synapse's surroundings, beside its weight `w`: activity below
 * (`pre`) and its own (`x`), what the neuron is told to be (`post`), its error and that of the
 * neuron below (`e`, `e_pre`).
 */
export const SEEN = ['pre', 'x', 'post', 'e', 'e_pre'] as const;
export type Seen = (typeof SEEN)[number];

/** Where a coefficient's numbers begin: all at one, N(0, sd²), or uniform in [a, b]. */
export type Start =
  number | { readonly normal: number } | { readonly uniform: readonly [number, number] };

/** A meta-learned coefficient of a rule. */
export interface Coefficient {
  readonly name: string;
  readonly per: Granularity;
  readonly start: Start;
  /** Meta-learning rate, and weight of its penalty Σ |·|, where the rule says them. */
  readonly rate?: number;
  readonly l1?: number;
}

/** A state of every synapse, or of every neuron, and its change in an inner step. */
export interface State {
  readonly name: string;
  readonly start: number;
  readonly change: Tree;
}

/** A rule as it is written: in a program, a configuration, a file, a link. */
export interface RuleSpec {
  readonly name?: string;
  readonly dw: string;
  readonly synapse?: Readonly<Record<string, StateSpec>>;
  readonly neuron?: Readonly<Record<string, StateSpec>>;
  readonly coefficients?: Readonly<Record<string, CoefficientSpec>>;
}
/**
 * A state of every synapse or neuron: `d`, the text of what an inner step adds to it, and the
 * number that it starts at, default 0.
 */
export interface StateSpec {
  readonly d: string;
  readonly start?: number;
}
/**
 * A meta-learned coefficient of a rule: one `per` synapse, neuron, layer or network; where it
 * starts, default 0.01; its meta-learning rate; the weight `l1` of a penalty Σ|·| that prunes
 * it.
 */
export interface CoefficientSpec {
  readonly per: Granularity;
  readonly start?: Start;
  readonly rate?: number;
  readonly l1?: number;
}

/**
 * An update that is one product, and perhaps a decay that the neuron knows:
 *   dw = direction · factor · (left · pre − kappa · w),
 * left what the neuron is told, kappa a tree over what it has. The built-in rules are such.
 */
export interface Product {
  readonly direction: number;
  /** Name of the coefficient that multiplies all of it. */
  readonly factor?: string;
  readonly left: 'post' | 'e';
  readonly kappa?: Tree;
}

/** A rule that was written as text, checked and understood. */
export interface WrittenRule {
  readonly kind: 'written';
  readonly name: string;
  /** As it was written, with every default; it is JSON. */
  readonly spec: RuleSpec;
  /** What its feedback has to tell: what to be, an error, or nothing. */
  readonly from: 'post' | 'error' | 'nothing';
  /** Which of SEEN it reads, in their order. */
  readonly reads: readonly Seen[];
  readonly coefficients: readonly Coefficient[];
  readonly synapse: readonly State[];
  readonly neuron: readonly State[];
  /** The change of a synapse for one sample. */
  readonly dw: Tree;
  /** Can an update be undone: is dw affine in w, and has the rule no states? */
  readonly undoable: boolean;
  /** If dw is one product as those of the built-in rules are, and there are no states. */
  readonly product?: Product;
  /** How many products of a neuron's and an input's numbers make up dw, if any number does. */
  readonly rank?: number;
}
