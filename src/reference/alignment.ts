import type { Layer, Primitive, System } from '../systems/system.js';
import {
  add,
  addOuter,
  affine,
  affineAdjoint,
  dot,
  NONE,
  outer,
  times,
  timesTransposed,
  transposed,
} from './algebra.js';
import { asFeedback, asMatrix, patches, patchesAdjoint, wayDown, wayDownAdjoint } from './looks.js';
import { type LayerParameters, zerosLike } from './parameters.js';
import { shareOfSample } from './plasticity.js';

/**
 * What a feedback rule sees of one layer; or its adjoint. W (n_l, n_{l-1}) and B (n_{l-1}, n_l)
 * before the step; in every look (looks.ts) x (n_{l-1}), z = W x + b (n_l), and r (n_{l-1}), what
 * comes down of z: B z, of a convolution the same patch of what all its positions send down. r is
 * empty unless a primitive asks for it.
 */
export interface Mirror {
  readonly W: Float64Array;
  readonly B: Float64Array;
  readonly x: readonly Float64Array[];
  readonly z: readonly Float64Array[];
  readonly r: readonly Float64Array[];
}

/**
 * A part of the direction in which B changes, with B's shape. Those that see samples are times
 * SHARE.
 */
export interface PrimitiveOf {
  value(mirror: Mirror, share: number): Float64Array;
  /** From `d`, its adjoint, adds to `dMirror`. */
  adjoint(mirror: Mirror, share: number, d: Float64Array, dMirror: Mirror): void;
}

/** The primitives (Kunin et al. 2020, Table 1; docs/papers.md §3.1). */
export const primitives = {
  // −B.
  decay: {
    value: ({ B }) => B.map(b => -b),
    adjoint: (_m, _share, d, dM) => add(dM.B, d, -1),
  },
  // SHARE Σ x zᵀ over all looks.
  amp: {
    value: ({ x, z, B }, share) => sumOver(x, B, b => outer(x[b]!, z[b]!, share)),
    adjoint({ x, z }, share, d, dM) {
      x.forEach((xb, b) => {
        add(dM.x[b]!, times(d, z[b]!), share);
        add(dM.z[b]!, timesTransposed(d, xb), share);
      });
    },
  },
  // −SHARE Σ r zᵀ.
  null: {
    value: ({ r, z, B }, share) => sumOver(z, B, b => outer(r[b]!, z[b]!, -share)),
    adjoint({ r, z }, share, d, dM) {
      z.forEach((zb, b) => {
        add(dM.r[b]!, times(d, zb), -share);
        add(dM.z[b]!, timesTransposed(d, r[b]!), -share);
      });
    },
  },
  // −SHARE Σ x pᵀ, p = Bᵀ x.
  sparse: {
    value: ({ x, B }, share) => sumOver(x, B, b => outer(x[b]!, timesTransposed(B, x[b]!), -share)),
    adjoint({ x, B }, share, d, dM) {
      x.forEach((xb, b) => {
        const dProjected = timesTransposed(d, xb);
        add(dM.x[b]!, times(d, timesTransposed(B, xb)), -share);
        add(dM.x[b]!, times(B, dProjected), -share);
        addOuter(dM.B, xb, dProjected, -share);
      });
    },
  },
  // Wᵀ.
  self: {
    value: ({ W, x }) => transposed(W, x[0]!.length),
    adjoint: ({ z }, _share, d, dM) => add(dM.W, transposed(d, z[0]!.length)),
  },
} satisfies Record<Primitive, PrimitiveOf>;

/**
 * Alignment of one layer: its feedback weights after inner step t, from W and B before it (papers
 * §3).
 *
 *     B' = B + η_B Σ_p k_p · primitive_p     on every `alignEvery`-th step
 *     B' = … + stepᵀ                         Kolen-Pollack, on every step: what the task alone
 * changed in W
 *
 * x (batch)(x_{l-1}) is what the mirror shows: the lifetime's own activity, so that z = W x + b is
 * too, or noise, so that z = W x. SHARE is one sample's; positions of a convolution are summed.
 */
export function alignment(
  system: System,
  layer: Layer,
  p: LayerParameters,
  W: Float64Array,
  B: Float64Array,
  x: readonly Float64Array[],
  step: Float64Array,
  t: number,
): Float64Array {
  const next = B.slice();
  if (!layer.aligned) return next;
  const change = new Float64Array(B.length);
  if (isDue(system, t)) {
    const mirror = mirrorOf(system, layer, p, W, B, x);
    add(change, direction(system, p, mirror, shareOfSample(system, x.length)), p.etaB[0]!);
  }
  if (system.feedbackRule === 'kolen-pollack') add(change, transposed(step, layer.fanIn));
  add(next, asFeedback(layer, change));
  return next;
}

/**
 * Adjoint of the alignment of one layer: from `dNext`, that of B', adds to everything else.
 *
 *     dB += dB',   dη_B += dB' · Σ_p k_p primitive_p,   dk_p += η_B dB' · primitive_p,  
 * dprimitive_p = η_B k_p dB',   dstep += dB'ᵀ
 */
export function alignmentAdjoint(
  system: System,
  layer: Layer,
  p: LayerParameters,
  W: Float64Array,
  B: Float64Array,
  x: readonly Float64Array[],
  t: number,
  dNext: Float64Array,
  dW: Float64Array,
  dB: Float64Array,
  dX: readonly Float64Array[],
  dStep: Float64Array,
  dP: LayerParameters,
): void {
  add(dB, dNext);
  if (!layer.aligned) return;
  const dChange = asMatrix(layer, dNext);
  if (system.feedbackRule === 'kolen-pollack') add(dStep, transposed(dChange, layer.fanOut));
  if (!isDue(system, t)) return;
  const mirror = mirrorOf(system, layer, p, W, B, x);
  const dMirror: Mirror = {
    W: dW,
    B: new Float64Array(B.length),
    x: zerosLike(mirror.x),
    z: zerosLike(mirror.z),
    r: zerosLike(mirror.r),
  };
  const share = shareOfSample(system, x.length);
  const etaB = p.etaB[0]!;
  dP.etaB[0]! += dot(dChange, direction(system, p, mirror, share));
  system.primitives.forEach((name, r) => {
    dP.k[r]! += etaB * dot(dChange, primitives[name].value(mirror, share));
    primitives[name].adjoint(
      mirror,
      share,
      dChange.map(d => etaB * p.k[r]! * d),
      dMirror,
    );
  });
  mirrorAdjoint(system, layer, W, mirror, dMirror, dX, dP);
  add(dB, asFeedback(layer, dMirror.B));
}

/** Σ_p k_p primitive_p. */
function direction(
  system: System,
  p: LayerParameters,
  mirror: Mirror,
  share: number,
): Float64Array {
  const sum = new Float64Array(mirror.B.length);
  system.primitives.forEach((name, r) => add(sum, primitives[name].value(mirror, share), p.k[r]!));
  return sum;
}

function mirrorOf(
  system: System,
  layer: Layer,
  p: LayerParameters,
  W: Float64Array,
  feedback: Float64Array,
  samples: readonly Float64Array[],
): Mirror {
  const B = asMatrix(layer, feedback);
  const x = samples.flatMap(sample => patches(layer, sample));
  const z = x.map(seen => affine(W, system.mirror === 'noise' ? NONE : p.b, seen));
  const r = asksForReturn(system)
    ? samples.flatMap((sample, b) =>
        patches(layer, wayDown(layer, B, looksOf(layer, z, b), sample.length)),
      )
    : [];
  return { W, B, x, z, r };
}

/** Adjoint of what a mirror shows: from `dMirror`, which it completes, adds to dX and db. */
function mirrorAdjoint(
  system: System,
  layer: Layer,
  W: Float64Array,
  mirror: Mirror,
  dMirror: Mirror,
  dX: readonly Float64Array[],
  dP: LayerParameters,
): void {
  dX.forEach((dSample, b) => {
    const of = (looks: readonly Float64Array[]) => looksOf(layer, looks, b);
    if (asksForReturn(system)) {
      const dReturn = new Float64Array(dSample.length);
      patchesAdjoint(layer, of(dMirror.r), dReturn);
      wayDownAdjoint(layer, mirror.B, of(mirror.z), dReturn, dMirror.B, of(dMirror.z));
    }
    of(mirror.x).forEach((x, look) =>
      affineAdjoint(
        W,
        x,
        of(dMirror.z)[look]!,
        dMirror.W,
        system.mirror === 'noise' ? NONE : dP.b,
        of(dMirror.x)[look]!,
      ),
    );
    patchesAdjoint(layer, of(dMirror.x), dSample);
  });
}

const asksForReturn = ({ primitives: chosen }: System): boolean => chosen.includes('null');

/** The looks of sample b. */
const looksOf = ({ positions }: Layer, looks: readonly Float64Array[], b: number) =>
  looks.slice(b * positions, (b + 1) * positions);

function isDue({ alignEvery }: System, t: number): boolean {
  return (t + 1) % alignEvery === 0;
}

/** Σ of(b) over the looks, with B's shape. */
function sumOver(
  looks: readonly Float64Array[],
  B: Float64Array,
  of: (b: number) => Float64Array,
): Float64Array {
  const sum = new Float64Array(B.length);
  looks.forEach((_, b) => add(sum, of(b)));
  return sum;
}
