import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { metaplastic, newFolder, start, TINY, writeConfig, type Outcome } from './command.js';

const checkpoint = (folder: string) => readFileSync(join(folder, 'checkpoint.safetensors'));
const logged = (folder: string) =>
  existsSync(join(folder, 'log.jsonl'))
    ? readFileSync(join(folder, 'log.jsonl'), 'utf8').split('\n').length - 1
    : 0;

describe('a run', () => {
  const out = join(newFolder(), 'run');
  let whole: Outcome;
  beforeAll(() => {
    whole = metaplastic(['train', writeConfig(TINY), '--out', out]);
  });

  test('ends well and prints a table of its evaluation', () => {
    expect(whole.err).toContain('meta-step 6/6');
    expect(whole.out).toMatch(/mean squared error on 10 unseen tasks\nexamples seen +0 +5/);
    expect(whole.out).toMatch(/FLP, meta-learned .*\nzero plasticity .*\ngradient descent at rate/);
    expect(whole.status).toBe(0);
  });
  test('says on which adapter it runs, and whether that is software', () => {
    expect(whole.err).toMatch(/^adapter: .+/);
  });
  test('leaves its files', () => {
    for (const file of [
      'config.json',
      'env.json',
      'log.jsonl',
      'checkpoint.safetensors',
      'evaluation.json',
      'report.html',
    ])
      expect(existsSync(join(out, file)), file).toBe(true);
    expect(JSON.parse(readFileSync(join(out, 'env.json'), 'utf8'))).toMatchObject({
      seed: 3,
      webgpu: '0.6.2',
      node: process.version,
      adapter: { description: expect.any(String) },
    });
  });
  test('is refused a folder that holds another', () => {
    const { status, err } = metaplastic(['train', writeConfig(TINY), '--out', out]);
    expect(err).toContain('which holds a run; choose another, or go on with it by --resume');
    expect(status).toBe(1);
  });
  test('is the same again from the same seed, bit for bit, and another from another', () => {
    const again = join(newFolder(), 'again');
    const other = join(newFolder(), 'other');
    metaplastic(['train', writeConfig(TINY), '--out', again]);
    metaplastic(['train', writeConfig(TINY), '--out', other, '--seed', '4']);
    expect(checkpoint(again).equals(checkpoint(out))).toBe(true);
    expect(checkpoint(other).equals(checkpoint(out))).toBe(false);
  });
  test('that died after a checkpoint is resumed to the same numbers', () => {
    const folder = join(newFolder(), 'died');
    metaplastic(['train', writeConfig(TINY), '--out', folder, '--meta-steps', '4']);
    // As a crash leaves it: steps logged that no checkpoint holds, the last line cut off.
    const lines = readFileSync(join(folder, 'log.jsonl'), 'utf8');
    writeFileSync(
      join(folder, 'log.jsonl'),
      `${lines}${lines.split('\n')[3]!.replace('"metaStep":4', '"metaStep":5')}\n{"metaStep":6,"lo`,
    );
    expect(metaplastic(['train', '--resume', folder, '--meta-steps', '6']).status).toBe(0);
    expect(checkpoint(folder).equals(checkpoint(out))).toBe(true);
    const losses = (path: string) =>
      readFileSync(join(path, 'log.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map(line => (JSON.parse(line) as { loss: number }).loss);
    expect(losses(folder)).toEqual(losses(out));
  });
  test('that is finished is not taken back, and its files stay what they were', () => {
    const config = readFileSync(join(out, 'config.json'), 'utf8');
    for (const [args, message] of [
      [
        ['--meta-steps', '3'],
        `--meta-steps: expected at least 6, the meta-steps that ${out} has made, got 3; a run cannot be taken back`,
      ],
      [
        ['--seed', '99'],
        `--seed: expected 3, the seed of ${out}, or none, got 99; another seed is another run`,
      ],
      [['--out', 'elsewhere'], '--out: expected none with --resume, got elsewhere'],
      [['--no-tune'], '--no-tune: expected none with --resume, got true'],
    ] as const) {
      const { status, err } = metaplastic(['train', '--resume', out, ...args]);
      expect(err).toContain(message);
      expect(status).toBe(1);
    }
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe(config);
  });
  test('writes its plan down, so that another number of cores goes on bit for bit', () => {
    const { plan } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as {
      plan: Record<string, unknown>;
    };
    expect(Object.keys(plan)).toEqual([
      'lanes',
      'teams',
      'grid',
      'tasksPerChunk',
      'stepsPerSegment',
    ]);
  });
  test('whose checkpoint has lost its configuration is not written over', () => {
    const folder = join(newFolder(), 'half');
    mkdirSync(folder);
    writeFileSync(join(folder, 'checkpoint.safetensors'), checkpoint(out));
    const { status, err } = metaplastic(['train', writeConfig(TINY), '--out', folder]);
    expect(err).toContain(
      `--out: expected a new folder, got ${folder}, which holds a run's checkpoint.safetensors`,
    );
    expect(status).toBe(1);
    expect(checkpoint(folder).equals(checkpoint(out))).toBe(true);
  });
  test('whose log lost some lines and has others twice is told so when it goes on', () => {
    const folder = join(newFolder(), 'lines');
    metaplastic(['train', writeConfig(TINY), '--out', folder]);
    const log = join(folder, 'log.jsonl');
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    writeFileSync(log, [0, 1, 1, 4, 5, 0].map(i => `${lines[i]}\n`).join(''));
    const { status, err } = metaplastic(['train', '--resume', folder]);
    expect(err).toContain(
      `note: ${log}: meta-steps 1 – 2 are there more than once, and the last line of each is kept`,
    );
    expect(err).toContain(`note: ${log}: meta-steps 3 – 4 are missing`);
    expect(status).toBe(0);
    expect(readFileSync(log, 'utf8')).toBe([0, 1, 4, 5].map(i => `${lines[i]}\n`).join(''));
  });
  test('can be evaluated again to the same table, and reported again', () => {
    expect(metaplastic(['eval', out]).out).toBe(whole.out);
    expect(metaplastic(['report', out])).toMatchObject({
      status: 0,
      out: `report: ${join(out, 'report.html')}\n`,
    });
  });
});

test('a run whose evaluation fails after training keeps everything, reports it, and says how to evaluate again', () => {
  const out = join(newFolder(), 'run');
  metaplastic(['train', writeConfig(TINY), '--out', out, '--meta-steps', '4']);
  // a file cannot be written where a folder is
  rmSync(join(out, 'evaluation.json'));
  mkdirSync(join(out, 'evaluation.json'));
  const { status, err } = metaplastic(['train', '--resume', out, '--meta-steps', '6']);
  expect([status, logged(out), existsSync(join(out, 'report.html'))]).toEqual([1, 6, true]);
  expect(err).toContain(
    `all 6 meta-steps are made and kept; evaluate again with: metaplastic eval ${out}`,
  );
  expect(err).not.toMatch(/\n {4}at /);
  rmSync(join(out, 'evaluation.json'), { recursive: true });
  expect(metaplastic(['eval', out]).out).toContain('mean squared error on 10 unseen tasks');
});

test('Ctrl-C finishes the meta-step, saves, and says how to resume; resumed is as if uninterrupted, bit for bit', async () => {
  const long = { ...TINY, meta: { ...TINY.meta, steps: 400 }, checkpointEvery: 1000 };
  const config = writeConfig(long);
  const whole = join(newFolder(), 'whole');
  const stopped = join(newFolder(), 'stopped');
  const run = start(['train', config, '--out', stopped]);
  while (logged(stopped) < 5) await wait(5);
  run.interrupt();
  const { status, err } = await run.ended;
  const made = Number(
    /stopped after meta-step (\d+) of 400; go on with: metaplastic train --resume /.exec(err)?.[1],
  );
  expect([status, made]).toEqual([130, logged(stopped)]);
  expect(metaplastic(['train', '--resume', stopped]).status).toBe(0);
  metaplastic(['train', config, '--out', whole]);
  expect(checkpoint(stopped).equals(checkpoint(whole))).toBe(true);
});

test('a run whose evaluation fails keeps all, and says how to evaluate again', () => {
  const folder = join(newFolder(), 'run');
  metaplastic(['train', writeConfig(TINY), '--out', folder]);
  const kept = checkpoint(folder);
  const evaluation = join(folder, 'evaluation.json');
  rmSync(evaluation);
  mkdirSync(join(evaluation, 'full'), { recursive: true });
  const { status, err } = metaplastic(['train', '--resume', folder]);
  expect(err).toContain(`evaluation of ${folder}: `);
  expect(err).toContain(`evaluate again with: metaplastic eval ${folder}`);
  expect([status, checkpoint(folder).equals(kept)]).toEqual([1, true]);
  rmSync(evaluation, { recursive: true });
  expect(metaplastic(['eval', folder]).status).toBe(0);
});

test.each(['SIGHUP', 'SIGTERM'] as const)('%s saves as Ctrl-C does', async signal => {
  const long = { ...TINY, meta: { ...TINY.meta, steps: 100_000 }, checkpointEvery: 100_000 };
  const folder = join(newFolder(), 'run');
  const run = start(['train', writeConfig(long), '--out', folder]);
  while (logged(folder) < 5) await wait(5);
  run.interrupt(signal);
  const { status, err } = await run.ended;
  expect(err).toMatch(
    /stopped after meta-step \d+ of 100000; go on with: metaplastic train --resume /,
  );
  expect([status, existsSync(join(folder, 'checkpoint.safetensors'))]).toEqual([130, true]);
});

test('Ctrl-C while it evaluates says that all is saved, and how to evaluate', async () => {
  const long = { ...TINY, evaluation: { tasks: 30_000, at: [0, 5] } };
  const folder = join(newFolder(), 'run');
  const run = start(['train', writeConfig(long), '--out', folder]);
  while (logged(folder) < 6) await wait(5);
  while (!existsSync(join(folder, 'checkpoint.safetensors'))) await wait(5);
  await wait(200);
  run.interrupt();
  const { status, err } = await run.ended;
  expect(err).toContain(
    `stopped while evaluating: saved up to meta-step 6 of 6; evaluate with: metaplastic eval ${folder}`,
  );
  expect(status).toBe(130);
});

describe('a checkpoint', () => {
  const folder = join(newFolder(), 'run');
  beforeAll(() => {
    metaplastic(['train', writeConfig(TINY), '--out', folder]);
  });
  const resumed = () => metaplastic(['train', '--resume', folder]);
  const path = join(folder, 'checkpoint.safetensors');

  test('that is cut off is refused by name', () => {
    const good = checkpoint(folder);
    truncateSync(path, 1000);
    const { status, err } = resumed();
    writeFileSync(path, good);
    expect(err).toContain(path);
    expect(status).toBe(1);
  });
  test('of another network is refused by the name of the tensor', () => {
    const config = join(folder, 'config.json');
    const own = readFileSync(config, 'utf8');
    writeFileSync(config, own.replace(/"sizes": \[\s*1,\s*6,/, '"sizes": [1, 7,'));
    const { status, err } = resumed();
    writeFileSync(config, own);
    expect(err).toContain(
      'expected W1 of shape 7 × 1, got 6 × 1; the checkpoint belongs to another network',
    );
    expect(status).toBe(1);
  });
});
