import { describe, expect, test } from 'vitest';
import { likewise, optionsHelp, parse, read } from '../../src/cli/options.js';
import { flag, option, positive, text, whole } from '../../src/options.js';

const OPTIONS = {
  steps: { value: 'T', entry: option(whole(1), { about: 'Steps of a life.' }, 3) },
  scale: { value: 'F', entry: option(positive, { about: 'A factor.', otherwise: 'none' }) },
  name: { value: 'NAME', entry: option(text, { about: 'What it is called.' }) },
  quick: { entry: option(flag, { about: 'Is quick about it.' }) },
};

describe('options of a command', () => {
  test('are told with what the table says of each, and its default', () => {
    expect(optionsHelp(OPTIONS)).toBe(
      [
        '  --steps T     Steps of a life. Default: 3.',
        '  --scale F     A factor. Default: none.',
        '  --name NAME   What it is called.',
        '  --quick       Is quick about it.',
      ].join('\n'),
    );
  });
  test('are told in lines of a hundred columns', () => {
    const about = 'All of it, word by word, again. '.repeat(9).trim();
    const help = optionsHelp({ long: { value: 'X', entry: option(text, { about }) } });
    const lines = help.split('\n');
    expect(lines.map(line => line.length)).toEqual([95, 100, 97, 44]);
    expect(lines.map(line => line.slice(13)).join(' ')).toBe(about);
  });
  test('that are like those of another table say the same, with a default of their own', () => {
    const steps = likewise(OPTIONS.steps.entry, 'the other’s');
    expect(optionsHelp({ steps: { value: 'T', entry: steps } })).toBe(
      '  --steps T   Steps of a life. Default: the other’s.',
    );
    expect(parse([], { steps: { value: 'T', entry: steps } }).values).toEqual({});
  });
  test('are numbers where the table says so, and else the text', () => {
    const args = ['--steps', '7', 'one', '--scale', '1e-2', '--name', '7', '--quick'];
    expect(parse(args, OPTIONS)).toEqual({
      values: { steps: 7, scale: 0.01, name: '7', quick: true },
      positionals: ['one'],
    });
    expect(parse([], OPTIONS).values).toEqual({ steps: 3 });
  });
  test.each(['', ' 7', '1e3', '0x5', '2.5', '-1', '0'])('refuse %j for a whole number', given => {
    const message = `--steps: expected a whole number ≥ 1, got ${JSON.stringify(given)}`;
    expect(() => parse([`--steps=${given}`], OPTIONS)).toThrow(message);
    expect(() => read(whole(1), given, 'variable T')).toThrow('variable T: expected');
  });
});
