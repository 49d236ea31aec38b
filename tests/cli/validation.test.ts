import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../src/runs/safetensors.js';
import { metaplastic, newFolder, TINY, writeConfig, type Outcome } from './command.js';

// rates at which the validations are at 1.86, 0.92, 0.69, 0.77, 0.84, 0.60
const WATCHED = {
  ...TINY,
  meta: {
    ...TINY.meta,
    rates: { W: 0.05, B: 0.05, alpha: 0.01, beta: 0.05 },
    evaluateTasks: 5,
  },
};
const file = writeConfig(WATCHED);
const bytes = (folder: string, name: string) => readFileSync(join(folder, name));
const metaStepOf = (folder: string, name: string) =>
  Number(readSafetensors(bytes(folder, name), name).metadata['metaStep']);
const made = (folder: string) =>
  bytes(folder, 'log.jsonl')
    .toString()
    .trim()
    .split('\n')
    .map(line => ({ ...JSON.parse(line), seconds: 0, taskStepsPerSecond: 0 }) as unknown);

describe('a run that is validated', () => {
  const whole = join(newFolder(), 'whole');
  const short = join(newFolder(), 'short');
  let ended: Outcome;
  beforeAll(() => {
    metaplastic(['train', file, '--out', whole, '--evaluate-every', '1', '--meta-steps', '5']);
    const watched = ['--evaluate-every', '1', '--patience', '1'];
    ended = metaplastic(['train', file, '--out', short, ...watched]);
  }, 120_000);

  test('keeps its best checkpoint beside the last, and says both', () => {
    expect(metaStepOf(whole, 'best.safetensors')).toBe(3);
    expect(metaStepOf(whole, 'checkpoint.safetensors')).toBe(5);
  });

  test('ends early, as done, and says how to go on and how to evaluate the best', () => {
    expect(ended.err).toContain('meta-step 3: loss 0.686 on validation tasks, the best so far');
    expect(ended.err).toContain(
      'meta-step 4: loss 0.770 on validation tasks, no better than loss 0.686 at meta-step 3 (patience: 1 of 1)',
    );
    expect(ended.err).toContain('note: meta-training ended early, after meta-step 4 of 6');
    expect(ended.err).toContain(`metaplastic train --resume ${short} --patience 2`);
    expect(ended.err).toContain(`metaplastic eval ${short} --best`);
    expect(ended.status).toBe(0);
    expect(made(short)).toEqual(made(whole).slice(0, 4));
    expect(bytes(short, 'best.safetensors').equals(bytes(whole, 'best.safetensors'))).toBe(true);
  });

  test('stays at its end if it is only given more meta-steps', () => {
    const before = [made(short), bytes(short, 'checkpoint.safetensors')];
    const again = metaplastic(['train', '--resume', short, '--meta-steps', '9']);
    expect(again.err).toContain('note: meta-training ended early, after meta-step 4 of 9');
    expect(again.status).toBe(0);
    expect([made(short), bytes(short, 'checkpoint.safetensors')]).toEqual(before);
    metaplastic(['train', '--resume', short, '--meta-steps', '6']);
  });

  test('evaluates its last checkpoint, or with --best its best one; the report says which', () => {
    const report = () => bytes(short, 'report.html').toString();
    const evaluated = () =>
      JSON.parse(bytes(short, 'evaluation.json').toString()) as { metaStep: number }[];
    expect(evaluated()[0]!.metaStep).toBe(4);
    expect(report()).toContain('Evaluated is the last checkpoint.');
    const best = metaplastic(['eval', short, '--best']);
    expect(best.err).toContain('note: this evaluates best.safetensors, of meta-step 3');
    expect(evaluated()[0]!.metaStep).toBe(3);
    expect(report()).toContain('Evaluated is the best checkpoint by validation, of meta-step 3.');
    expect(report()).toContain('It ended early: 1 validation in a row was no better than');
    const last = metaplastic(['eval', short]);
    expect(last.err).toContain('note: this evaluates checkpoint.safetensors, of meta-step 4');
    expect(last.out).not.toBe(best.out);
  });

  test('makes the best checkpoint again after a crash before it was written', () => {
    const folder = join(newFolder(), 'crashed');
    metaplastic(['train', file, '--out', folder, '--evaluate-every', '1', '--meta-steps', '3']);
    rmSync(join(folder, 'best.safetensors'));
    const { status, err } = metaplastic(['train', '--resume', folder, '--meta-steps', '5']);
    expect([status, err]).toEqual([0, expect.not.stringContaining('is gone')]);
    expect(bytes(folder, 'best.safetensors').equals(bytes(whole, 'best.safetensors'))).toBe(true);
  });

  test('says that its best checkpoint is gone, or another, where it cannot be made again', () => {
    const folder = join(newFolder(), 'gone');
    metaplastic(['train', file, '--out', folder, '--evaluate-every', '1', '--meta-steps', '4']);
    const best = join(folder, 'best.safetensors');
    writeFileSync(best, bytes(folder, 'checkpoint.safetensors'));
    const resumed = () => metaplastic(['train', '--resume', folder]).err;
    expect(resumed()).toContain(
      `${best} should be of meta-step 3, and is of 4: the next one is kept that is better than loss 0.686`,
    );
    // the sixth validation is better than all before
    expect(metaStepOf(folder, 'best.safetensors')).toBe(4);
    rmSync(best);
    expect(resumed()).toContain('and is gone: the next one is kept');
    expect(existsSync(best)).toBe(false);
    metaplastic(['train', '--resume', folder, '--meta-steps', '6']);
    expect(metaStepOf(folder, 'best.safetensors')).toBe(6);
  });

  test('goes on with more patience as if it had had it', () => {
    const { err, status } = metaplastic(['train', '--resume', short, '--patience', '2']);
    expect([status, err]).toEqual([0, expect.stringContaining('after meta-step 5 of 6')]);
    expect(made(short)).toEqual(made(whole));
    for (const name of ['checkpoint.safetensors', 'best.safetensors'])
      expect(bytes(short, name).equals(bytes(whole, name)), name).toBe(true);
  });
});

test('a run that is not validated has no best checkpoint, and says how to have one', () => {
  const folder = join(newFolder(), 'blind');
  const seldom = ['--meta-steps', '2', '--evaluate-every', '3'];
  const { err } = metaplastic(['train', file, '--out', folder, ...seldom]);
  expect(err).toContain('note: meta.evaluateEvery is 3: in 2 meta-steps nothing is validated');
  expect(existsSync(join(folder, 'best.safetensors'))).toBe(false);
  expect(metaplastic(['eval', folder, '--best']).err).toContain(
    'best.safetensors: expected a checkpoint, got none; ',
  );
  const refused = metaplastic(['train', file, '--patience', '3']);
  expect(refused.err).toContain('meta.patience: expected meta.evaluateEvery beside it, got none');
});
