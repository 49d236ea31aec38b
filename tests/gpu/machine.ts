import type { Machine } from '../../src/gpu/plan.js';

/** What SwiftShader tells of itself on two cores. */
export const SOFTWARE: Machine = {
  software: true,
  subgroup: 4,
  cores: 2,
  teamwork: true,
  maxBindingBytes: 2 ** 27,
  maxWorkgroups: 65535,
  maxInvocations: 256,
};
