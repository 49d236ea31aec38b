import { describe, expect, test } from 'vitest';
import {
  DeviceLostError,
  DivergenceError,
  MetaplasticError,
  plainError,
  reviveError,
} from '../../src/errors.js';

const across = (error: unknown) => reviveError(structuredClone(plainError(error)));

describe('an error that goes to another worker in its plain form', () => {
  test.each([MetaplasticError, DivergenceError, DeviceLostError])(
    'keeps its class, name, message and parts: %o',
    Kind => {
      const error = new Kind({
        where: 'learner.step',
        expected: 'a number',
        got: '"x"',
        hint: 'give one',
        task: 2,
        metaStep: 7,
        detail: 'line 1',
        cause: new RangeError('deep', {
          cause: new DeviceLostError({ where: 'gpu', problem: 'gone' }),
        }),
      });
      const revived = across(error) as MetaplasticError;
      expect(revived).toBeInstanceOf(Kind);
      expect(revived.constructor).toBe(Kind);
      expect({ ...revived, message: revived.message, stack: revived.stack }).toEqual({
        ...error,
        message: error.message,
        stack: error.stack,
      });
      const cause = revived.cause as Error;
      expect([cause.name, cause.message]).toEqual(['RangeError', 'deep']);
      expect(cause.cause).toBeInstanceOf(DeviceLostError);
    },
  );

  test('is what was thrown, if that was no error of the library, or none at all', () => {
    const error = across(new TypeError('odd'));
    expect([error.name, error.message]).toEqual(['TypeError', 'odd']);
    expect(across('words').message).toBe('words');
    expect(across(undefined).message).toBe('undefined');
  });

  test('has a name of its own in every subclass', () => {
    const names = [MetaplasticError, DivergenceError, DeviceLostError].map(
      Kind => new Kind({ where: 'x', problem: 'y' }).name,
    );
    expect(names).toEqual(['MetaplasticError', 'DivergenceError', 'DeviceLostError']);
  });

  test('never takes a name for a class that is none of the library', () => {
    const revived = reviveError({ name: 'constructor', message: 'm', parts: { where: 'w' } });
    expect([revived.constructor, revived.name]).toEqual([Error, 'constructor']);
  });
});
