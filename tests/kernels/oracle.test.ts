import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ADJOINTS } from '../../src/gpu/plan.js';
import { Learner } from '../../src/outer/learner.js';
import { readCase } from '../../src/reference/case.js';
import { inFloat32 } from '../../src/reference/episode.js';
import { relativeError, relativeErrors } from '../reference/central-differences.js';
import { beyond } from './agree.js';
import { useGpu } from './open.js';

const under = useGpu(), folder = new URL('../oracle/', import.meta.url);
const names = readdirSync(folder).filter(name => name.startsWith('flp-'));

describe.each(names)('%s', name => {
  const { system, layout, parameters, episodes, expected } = readCase(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));

  test.each(ADJOINTS)("kernels with adjoint '%s' agree with an independent implementation", async adjoint => {
    const { steps, batch, queries, tasks } = episodes;
    const learner = await Learner.create(under.gpu, { system, episode: { steps, batch, queries }, tasks, adjoint });
    learner.writeParameters(parameters);
    const { loss } = await learner.gradient(inFloat32(episodes));
    const errors = {
      loss: relativeError(Float64Array.of(loss), Float64Array.of(expected.loss)),
      ...relativeErrors(layout, Float64Array.from(await learner.readGradient()), expected.gradient),
    };
    expect(beyond(1e-5, errors)).toEqual({});
    learner.destroy();
  });
});
