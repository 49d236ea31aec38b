import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/cli/run-folder.js';
import { refusal } from '../refusal.js';
import { newFolder, TINY } from './command.js';

const RULE = { dw: 'eta * x * pre', coefficients: { eta: { per: 'layer' } } };

/** A configuration that names its rule, in a folder with these files. */
function configWith(files: Readonly<Record<string, string>>, rule: unknown = 'mine.rule.json') {
  const folder = newFolder();
  const { rates: _, ...meta } = TINY.meta;
  const config = { ...TINY, meta, system: { ...TINY.system, rule } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { folder, config: join(folder, 'config.json') };
}

describe('a configuration that names a file with its rule', () => {
  test('has the rule itself, so that a run is whole without the file', () => {
    const { config } = configWith({ 'mine.rule.json': JSON.stringify(RULE) });
    expect(readConfig(config).system.rule).toEqual(RULE);
  });

  test('finds the file beside it, wherever the command runs', () => {
    const { folder, config } = configWith({}, 'rules/mine.rule.json');
    mkdirSync(join(folder, 'rules'));
    writeFileSync(join(folder, 'rules', 'mine.rule.json'), JSON.stringify(RULE));
    expect(readConfig(config).system.rule).toEqual(RULE);
  });

  test('says that the file is not there', async () => {
    const { folder, config } = configWith({});
    expect(await refusal(() => readConfig(config))).toBe(
      `${config}: system.rule: expected a file with a rule, beside the configuration, got "mine.rule.json", and there is no ${join(folder, 'mine.rule.json')}`,
    );
  });

  test.each<[string, string, string]>([
    ['is no JSON', '{', ': expected a JSON file'],
    ['is no object', '"oja"', ': expected an object with the keys'],
    ['is no rule', JSON.stringify({ dw: 'eta * prr' }), '.dw: unknown name `eta`'],
    ['is too large', `"${' '.repeat(2 ** 20)}"`, ': expected a file of at most 1048576 bytes'],
  ])('names the file if it %s', async (_, text, problem) => {
    const { folder, config } = configWith({ 'mine.rule.json': text });
    const said = await refusal(() => readConfig(config));
    expect(said.startsWith(`${join(folder, 'mine.rule.json')}${problem}`) && said).toBe(said);
  });

  test('is refused if it names a folder', async () => {
    const { folder, config } = configWith({});
    mkdirSync(join(folder, 'mine.rule.json'));
    expect(await refusal(() => readConfig(config))).toContain(
      'a folder is in the place of the file',
    );
  });
});
