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
import type { LayerParameters } from './parameters.js';
import { shareOf } from './plasticity.js';

/**
 * What a feedback rule sees of one layer; or its adjoint. W (n_l, n_{l-1}) and B (n_{l-1}, n_l)
 * before the step; x (batch)(n_{l-1}), z = W x + b (batch)(n_l).
 */
export interface Mirror {
  readonly W: Float64Array;
  readonly B: Float64Array;
  readonly x: readonly Float64Array[];
  readonly z: readonly Float64Array[];
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
  // SHARE Σ_b x zᵀ.
  amp: {
    value: ({ x, z, B }, share) => sumOver(x, B, b => outer(x[b]!, z[b]!, share)),
    adjoint({ x, z }, share, d, dM) {
      x.forEach((xb, b) => {
        add(dM.x[b]!, times(d, z[b]!), share);
        add(dM.z[b]!, timesTransposed(d, xb), share);
      });
    },
  },
  // −SHARE Σ_b r zᵀ, r = B z.
  null: {
    value: ({ z, B }, share) => sumOver(z, B, b => outer(times(B, z[b]!), z[b]!, -share)),
    adjoint({ z, B }, share, d, dM) {
      z.forEach((zb, b) => {
        const dR = times(d, zb);
        add(dM.z[b]!, timesTransposed(d, times(B, zb)), -share);
        add(dM.z[b]!, timesTransposed(B, dR), -share);
        addOuter(dM.B, dR, zb, -share);
      });
    },
  },
  // −SHARE Σ_b x pᵀ, p = Bᵀ x.
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
 * x (batch)(n_{l-1}) is what the mirror shows: the lifetime's own activity, so that z = W x + b is
 * too, or noise, so that z = W x.
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
  if (isDue(system, t)) add(next, direction(system, p, mirrorOf(system, p, W, B, x)), p.etaB[0]!);
  if (system.feedbackRule === 'kolen-pollack') add(next, transposed(step, layer.fanIn));
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
  if (system.feedbackRule === 'kolen-pollack') add(dStep, transposed(dNext, layer.fanOut));
  if (!isDue(system, t)) return;
  const mirror = mirrorOf(system, p, W, B, x);
  const dMirror: Mirror = { W: dW, B: dB, x: dX, z: mirror.z.map(z => new Float64Array(z.length)) };
  const share = shareOf(system, x.length);
  const etaB = p.etaB[0]!;
  dP.etaB[0]! += dot(dNext, direction(system, p, mirror));
  system.primitives.forEach((name, r) => {
    dP.k[r]! += etaB * dot(dNext, primitives[name].value(mirror, share));
    primitives[name].adjoint(
      mirror,
      share,
      dNext.map(d => etaB * p.k[r]! * d),
      dMirror,
    );
  });
  x.forEach((xb, b) =>
    affineAdjoint(W, xb, dMirror.z[b]!, dW, system.mirror === 'noise' ? NONE : dP.b, dX[b]!),
  );
}

/** Σ_p k_p primitive_p. */
function direction(system: System, p: LayerParameters, mirror: Mirror): Float64Array {
  const sum = new Float64Array(mirror.B.length);
  const share = shareOf(system, mirror.x.length);
  system.primitives.forEach((name, r) => add(sum, primitives[name].value(mirror, share), p.k[r]!));
  return sum;
}

function mirrorOf(
  system: System,
  p: LayerParameters,
  W: Float64Array,
  B: Float64Array,
  x: readonly Float64Array[],
): Mirror {
  return { W, B, x, z: x.map(xb => affine(W, system.mirror === 'noise' ? NONE : p.b, xb)) };
}

function isDue({ alignEvery }: System, t: number): boolean {
  return (t + 1) % alignEvery === 0;
}

/** Σ_b of(b) over the samples, with B's shape. */
function sumOver(
  samples: readonly Float64Array[],
  B: Float64Array,
  of: (b: number) => Float64Array,
): Float64Array {
  const sum = new Float64Array(B.length);
  samples.forEach((_, b) => add(sum, of(b)));
  return sum;
}
