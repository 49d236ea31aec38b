import type { RuleSpec } from './rule.js';

/** A published rule to start from: what it is, in a sentence, and where it comes from. */
export interface RulePreset {
  readonly about: string;
  readonly source: string;
  readonly rule: RuleSpec;
}

/**
 * Published rules as text, with starts and rates from which meta-learning goes well. Where a paper
 * has a neuron's own activity, they read `post`, so that they are told what to learn: a rule that
 * reads `x` instead never sees a target.
 */
export const RULE_PRESETS = {
  oja: {
    about: 'Hebb’s rule towards what feedback tells a neuron to be, with Oja’s decay, as in FLP.',
    source: 'Lindsey & Litwin-Kumar 2020, §1.1; Oja 1982',
    rule: {
      name: 'oja',
      dw: 'alpha * (post * pre - post^2 * w)',
      coefficients: { alpha: { per: 'synapse', start: 1e-3, rate: 3e-3 } },
    },
  },
  'hebb-abcd': {
    about: 'A general Hebbian rule whose five coefficients are learned for each synapse or layer.',
    source: 'Najarro & Risi 2020, Eq. 1',
    rule: {
      name: 'hebb-abcd',
      dw: 'eta * (A * pre * post + B * pre + C * post + D)',
      coefficients: {
        A: { per: 'synapse', start: 0.01, rate: 0.03 },
        B: { per: 'synapse', start: 0, rate: 0.01 },
        C: { per: 'synapse', start: 0, rate: 0.01 },
        D: { per: 'synapse', start: 0, rate: 0.01 },
        eta: { per: 'layer', start: 0.1, rate: 1e-3 },
      },
    },
  },
  bcm: {
    about: 'A neuron strengthens what drives it above a threshold that slides with its activity.',
    source: 'Bienenstock, Cooper & Munro 1982; Intrator & Cooper 1992',
    rule: {
      name: 'bcm',
      dw: 'eta * pre * post * (post - theta)',
      neuron: { theta: { d: 'k * (x^2 - theta)', start: 0.5 } },
      coefficients: {
        eta: { per: 'layer', start: 2e-4, rate: 2.5e-4 },
        k: { per: 'network', start: 0.2, rate: 1e-3 },
      },
    },
  },
  covariance: {
    about: 'A synapse follows the covariance of both activities, about running means.',
    source: 'Sejnowski 1977',
    rule: {
      name: 'covariance',
      dw: 'eta * (post - m) * (pre - m_pre)',
      neuron: { m: { d: 'k * (x - m)' } },
      coefficients: {
        eta: { per: 'neuron', start: 2e-3, rate: 2e-3 },
        k: { per: 'network', start: 0.2, rate: 1e-3 },
      },
    },
  },
  'differentiable-plasticity': {
    about: 'A Hebbian trace beside each weight, which counts as much as the synapse has learned.',
    source: 'Miconi, Stanley & Clune 2018, Eqs. 1–2',
    rule: {
      name: 'differentiable-plasticity',
      dw: 'a * eta * (pre * post - h)',
      synapse: { h: { d: 'eta * (pre * post - h)' } },
      coefficients: {
        a: { per: 'synapse', start: 0.01, rate: 0.03 },
        eta: { per: 'network', start: 0.1, rate: 1e-3 },
      },
    },
  },
  eligibility: {
    about: 'A trace of what a synapse did wrong, which fades; the weight follows the trace.',
    source: 'Gerstner et al. 2018, three-factor rules',
    rule: {
      name: 'eligibility',
      dw: '-eta * h',
      synapse: { h: { d: 'e * pre - decay * h' } },
      coefficients: {
        eta: { per: 'layer', start: 5e-3, rate: 1e-3 },
        decay: { per: 'network', start: 0.5, rate: 1e-3 },
      },
    },
  },
  taylor: {
    about: 'Products of what a synapse sees; an L1 penalty prunes those that are of no use.',
    source: 'Confavreux et al. 2020; terms as in Shervani-Tabar & Rosenbaum 2023, Eqs. 14–23',
    rule: {
      name: 'taylor',
      dw: `t0 * e * pre + t1 * x * e_pre + t2 * e * e_pre + t3 * w
        + t4 * e_pre + t5 * x * pre + t6 * x^2 * w + t7 * e^2 * w`,
      coefficients: {
        t0: { per: 'network', start: -0.01, rate: 1e-3, l1: 0.03 },
        ...Object.fromEntries(
          [1, 2, 3, 4, 5, 6, 7].map(
            k => [`t${k}`, { per: 'network', start: 0, rate: 1e-3, l1: 0.03 }] as const,
          ),
        ),
      },
    },
  },
  'soft-bounds': {
    about: 'Hebb’s rule towards what feedback tells, which slows down as a weight nears a bound.',
    source: 'van Rossum, Bi & Turrigiano 2000; Gütig et al. 2003',
    rule: {
      name: 'soft-bounds',
      dw: 'alpha * post * pre * (bound - w) * (bound + w)',
      coefficients: {
        alpha: { per: 'synapse', start: 1e-3, rate: 3e-3 },
        bound: { per: 'layer', start: 1.5, rate: 1e-3 },
      },
    },
  },
  metaplasticity: {
    about: 'FLP’s rule, of synapses that stiffen as they are used.',
    source: 'Abraham & Bear 1996; after Fusi, Drew & Abbott 2005',
    rule: {
      name: 'metaplasticity',
      dw: 'alpha * r * (post * pre - post^2 * w)',
      synapse: { r: { d: '-wear * r * abs(pre * post)', start: 1 } },
      coefficients: {
        alpha: { per: 'synapse', start: 1e-3, rate: 3e-3 },
        wear: { per: 'layer', start: 0.01, rate: 1e-3 },
      },
    },
  },
  gradient: {
    about: 'Gradient descent, as far as the error that a neuron is told is the true one.',
    source: 'Finn, Abbeel & Levine 2017 (backprop); Lillicrap et al. 2016 (feedback alignment)',
    rule: {
      name: 'gradient',
      dw: '-eta * e * pre',
      coefficients: { eta: { per: 'layer', start: 0.01, rate: 1e-3 } },
    },
  },
} as const satisfies Readonly<Record<string, RulePreset>>;
