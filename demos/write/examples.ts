import { RULE_PRESETS, type RulePreset } from 'metaplastic';

/** The rule that the page begins with, and of which a run was recorded. */
export const FIRST = 'trace';

/** Rules to start from: the page's own, then the published ones. */
export const EXAMPLES: Readonly<Record<string, RulePreset>> = {
  [FIRST]: {
    about: 'A synapse collects its errors in a trace that fades, and follows it at its own rate.',
    source: 'A first rule, after the three-factor rules of Gerstner et al. 2018',
    rule: {
      name: 'trace',
      dw: '-eta * h',
      synapse: { h: { d: 'e * pre - decay * h' } },
      coefficients: {
        eta: { per: 'synapse', start: 0.01, rate: 1e-3 },
        decay: { per: 'layer', start: 0.5, rate: 4e-3 },
      },
    },
  },
  ...RULE_PRESETS,
};
