import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { metaplastic, newFolder, TINY, writeConfig } from './command.js';

const COMMANDS = [
  'train',
  'eval',
  'report',
  'study',
  'check',
  'rule',
  'plan',
  'tune',
  'bench',
  'devices',
];

/**
 * What the command says on stderr, apart from the line about the adapter; it must fail with status
 * 1.
 */
function refusal(args: string[], env?: Record<string, string>): string {
  const { status, err } = metaplastic(args, env);
  expect(status).toBe(1);
  return err
    .split('\n')
    .filter(line => line && !line.startsWith('adapter: '))
    .join('\n');
}

describe('the command line', () => {
  test('lists its commands', () => {
    const { status, out } = metaplastic(['--help']);
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command} +\\w`, 'm'));
    expect(status).toBe(0);
  });
  test.each(COMMANDS)('helps with %s', command => {
    expect(metaplastic([command, '--help'])).toMatchObject({
      status: 0,
      out: expect.stringContaining(`Usage: metaplastic ${command}`),
    });
  });
  test('tells its version', () => {
    const { version } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    expect(metaplastic(['--version'])).toMatchObject({ status: 0, out: `${version}\n` });
  });
  test('lists the presets', () => {
    expect(metaplastic(['train', '--help']).out).toMatch(/^  flp-sine, .*maml-sine/m);
  });
  test('names the known commands to an unknown one', () => {
    expect(refusal(['trian'])).toBe(
      'metaplastic: unknown command "trian" (did you mean train?); known: init, train, eval, report, study, check, rule, plan, tune, bench, devices',
    );
  });
  test('names an unknown option', () => {
    expect(refusal(['train', 'flp-sine', '--sed', '1'])).toContain(
      'unknown option "--sed" (did you mean --seed?)',
    );
  });
  test('shows the adapter', () => {
    expect(metaplastic(['devices'])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^adapter: .+\n +largest buffer/),
    });
  });
  test('prints a plan', () => {
    expect(metaplastic(['plan', 'flp-sine']).out).toMatch(/tasks +32 = 1 chunk\(s\) of 32/);
  });
});

describe('one clear error comes', () => {
  test('without an adapter', () => {
    const none = { VK_DRIVER_FILES: '/nowhere.json', VK_ICD_FILENAMES: '/nowhere.json' };
    expect(refusal(['devices'], none)).toContain(
      'openNodeGpu: expected a WebGPU adapter, got none; VK_DRIVER_FILES (or VK_ICD_FILENAMES) leads to no driver (/nowhere.json): unset it',
    );
  });
  test('for a config that is no preset and no file', () => {
    expect(refusal(['train', 'flp-sin'])).toContain(
      'config: unknown preset or JSON file "flp-sin" (did you mean flp-sine?); presets: flp-sine,',
    );
  });
  test('for a file that is no JSON', () => {
    const path = writeConfig({});
    writeFileSync(path, '{"name":');
    expect(refusal(['train', path])).toContain(`${path}: expected a JSON file`);
  });
  test('for an unknown rule, with the known ones', () => {
    expect(
      refusal(['plan', writeConfig({ ...TINY, system: { ...TINY.system, rule: 'ojja' } })]),
    ).toContain('system.rule: unknown choice "ojja" (did you mean oja?); known: oja, hebb');
  });
  test('for an unknown key', () => {
    expect(refusal(['plan', writeConfig({ ...TINY, sede: 3 })])).toContain(
      'sede: unknown key (did you mean seed?); known: name, seed',
    );
  });
  test('for lifetimes without a step', () => {
    expect(refusal(['plan', writeConfig({ ...TINY, task: { ...TINY.task, steps: 0 } })])).toContain(
      'task.steps: expected a whole number ≥ 1, got 0',
    );
  });
  test('for a size of 0', () => {
    expect(refusal(['plan', writeConfig({ ...TINY, system: { sizes: [1, 0, 1] } })])).toContain(
      'expected a whole number ≥ 1, got 0',
    );
  });
  test('for a plan that cannot fit, with what is missing and what to lower', () => {
    expect(refusal(['plan', writeConfig({ ...TINY, budget: { memory: 2000 } })])).toMatch(
      /plan: \d task\(s\) need .* MiB, the budget is .* MiB missing; .* lower steps/,
    );
  });
  test.each([
    ['train', 'flp-sine', '--seed', 'x', 'from 0 to 2³² − 1'],
    ['train', 'flp-sine', '--seed', '', 'from 0 to 2³² − 1'],
    ['train', 'flp-sine', '--seed', '4294967296', 'from 0 to 2³² − 1'],
    ['train', 'flp-sine', '--meta-steps', '1e3', '≥ 1'],
    ['train', 'flp-sine', '--meta-steps', ' 7', '≥ 1'],
    ['tune', 'flp-sine', '--repeats', '0x5', '≥ 1'],
    ['study', 'sine', '--seeds', '', '≥ 1'],
    ['bench', 'flp-sine', '--tasks', '', '≥ 1'],
  ])('for %s %s %s %j, which is no whole number', (...args) => {
    const [option, given, range] = args.slice(2);
    expect(refusal(args.slice(0, 4))).toBe(
      `${option}: expected a whole number ${range}, got ${JSON.stringify(given)}`,
    );
  });
  test.each([
    [['study', 'sine', '--scale', ''], '--scale: expected a number > 0, got ""'],
    [['train', 'flp-sine', '--out', ''], '--out: expected the name of a folder, got ""'],
    [['study', 'sine', '--out', ''], '--out: expected the name of a folder, got ""'],
    [
      ['train', 'flp-sine', 'maml-sine', '--resume', 'run'],
      'train: expected one CONFIG or PRESET, or --resume RUN, got 2 and --resume; see metaplastic train --help',
    ],
    [['train', '--resume', ''], '--resume: expected the folder of a run, got ""'],
  ])('for %j, where something is empty or too much', (args, message) =>
    expect(refusal(args)).toBe(message),
  );
  test.each([
    [['__proto__'], 'metaplastic: unknown command "__proto__"'],
    [['constructor'], 'metaplastic: unknown command "constructor"'],
    [['train', 'constructor'], 'config: unknown preset or JSON file "constructor"'],
    [['study', 'constructor'], 'study: unknown study "constructor"'],
    [['bench', 'toString'], 'bench: unknown workload "toString"'],
  ])('for %j, a name that every object has', (args, message) =>
    expect(refusal(args)).toContain(message),
  );
  test('for an option whose name would colour the terminal', () => {
    expect(refusal(['train', 'flp-sine', '--\u001b[31mred'])).toContain('\\u001b[31mred');
  });
  test('for a folder in the place of a config, a file in the place of a folder, and a long name', () => {
    const folder = newFolder();
    expect(refusal(['train', folder])).toBe(
      `${folder}: could not be read: a folder is in the place of the file; move the folder away, or give a file`,
    );
    const file = writeConfig(TINY);
    expect(refusal(['train', file, '--out', join(file, 'run')])).toBe(
      `${join(file, 'run')}: could not be made: a file is in the place of a folder; give a path of folders`,
    );
    const long = 'x'.repeat(300);
    expect(refusal(['train', file, '--out', join(folder, long)])).toContain(
      'could not be made: the name is too long; give a shorter one',
    );
  });
  test('for a folder without a run', () => {
    expect(refusal(['eval', newFolder()])).toContain('expected the folder of a run');
  });
  test('for real data that are not given, and for those that are not there', () => {
    expect(refusal(['train', 'flp-omniglot'], { METAPLASTIC_DATA: '' })).toContain(
      '--data: expected the folder that holds omniglot/images_background_small1.zip',
    );
    expect(refusal(['train', 'flp-omniglot', '--data', newFolder()])).toContain('got no such file');
  });
  test('for a zip that is damaged', () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'omniglot'));
    for (const n of [1, 2])
      writeFileSync(join(folder, 'omniglot', `images_background_small${n}.zip`), 'PK no zip');
    expect(refusal(['train', 'flp-omniglot', '--data', folder])).toContain(
      'images_background_small1.zip: expected',
    );
  });
  test('when a lifetime diverges and onDivergence is error: the meta-step, the lifetime and the numbers', () => {
    const wild = {
      ...TINY,
      initial: { alpha: 1e6 },
      meta: { ...TINY.meta, onDivergence: 'error' },
    };
    expect(refusal(['train', writeConfig(wild), '--out', join(newFolder(), 'run')])).toMatch(
      /meta-step 1: learner\.step: lifetime \d of the meta-batch diverged: loss .*, gradient norm .*the meta-parameters are unchanged/,
    );
  });
});
