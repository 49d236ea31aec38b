import * as v from 'valibot';
import { MetaplasticError } from '../errors.js';
import { check, list, section } from '../options.js';
import { numbers } from '../runs/recorded.js';
import type { Sweep, Swept } from './sweep.js';

// What a study has recorded, read again; like a run, it may come from a stranger.

const LIFETIMES = list(numbers, 'lifetimes, each a list of numbers');
const ANGLES = v.optional(
  v.record(v.string(), list(LIFETIMES, 'settings, each a list of lifetimes'), 'angles'),
);
const SWEPT = section({
  sweep: v.unknown(),
  losses: list(LIFETIMES, 'settings, each a list of lifetimes'),
  accuracies: list(LIFETIMES, 'settings, each a list of lifetimes'),
  weightAngles: ANGLES,
  errorAngles: ANGLES,
});

/** What the lifetimes of `sweep` came to, (settings)(lifetimes)(at). `where` names the file. */
export function parseSwept(json: unknown, sweep: Sweep, where: string): Swept {
  const hint = 'remove the file: the lifetimes are then lived again';
  const { sweep: _, ...swept } = check(SWEPT, json, where, ': ', hint);
  const all = {
    losses: swept.losses,
    accuracies: swept.accuracies,
    ...prefixed('weightAngles', swept.weightAngles),
    ...prefixed('errorAngles', swept.errorAngles),
  };
  const shape = [sweep.settings.length, sweep.lifetimes, sweep.at.length];
  for (const [key, values] of Object.entries(all))
    if (
      values.length !== shape[0] ||
      values.some(s => s.length !== shape[1] || s.some(curve => curve.length !== shape[2]))
    )
      throw new MetaplasticError({
        where: `${where}: ${key}`,
        expected: `${shape.join(' × ')} numbers`,
        got: 'others',
        hint,
      });
  return { sweep, ...swept };
}

const prefixed = <T>(name: string, of: Readonly<Record<string, T>> = {}) =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [`${name}.${key}`, value]));
