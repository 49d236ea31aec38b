import { describe, expect, test } from 'vitest';
import { CONFIG } from '../../src/config/config.js';
import { configSchema } from '../../src/config/schema.js';
import { optionsOf } from '../../src/options.js';

type Schema = Readonly<Record<string, any>>;
const schema = configSchema() as Schema;

/** The part of the schema at a key of the reference of options: `task(sine).steps`. */
function at(key: string): Schema | undefined {
  return key.split('.').reduce<Schema | undefined>((found, word) => {
    const [, name, kind] = /^([^(]+)(?:\((.+)\))?$/.exec(word)!;
    const next = found?.['properties']?.[name!];
    return kind === undefined
      ? next
      : next?.anyOf.find((one: Schema) =>
          Object.values<Schema>(one['properties']).some(({ const: value }) => value === kind),
        );
  }, schema);
}

describe('the schema of a configuration', () => {
  test('has every key of the reference of options, with what is said of it', () => {
    for (const { key, about } of optionsOf(CONFIG).filter(({ key }) => !/layers|rule\./.test(key)))
      expect(at(key)?.['description'], key).toContain(about);
  });

  test('knows types, choices, ranges, defaults and what is needed', () => {
    expect(at('task(sine).steps')).toMatchObject({ type: 'integer', minimum: 1 });
    expect(at('task(sine).batch')).toMatchObject({ default: 1 });
    expect(at('system.activation')!['enum']).toContain('softplus');
    expect(at('system.plasticBias')).toMatchObject({ type: 'boolean' });
    expect(at('meta.rates.W')).toMatchObject({ type: 'number', minimum: 0, maximum: 1e6 });
    expect(schema['required']).toEqual(['name', 'task', 'system', 'meta', 'evaluation']);
    expect(schema['additionalProperties']).toBe(false);
  });

  test('lets single meta-parameters have rates of their own', () => {
    const [names] = Object.keys(at('meta.rates')!['patternProperties']);
    expect('alpha2').toMatch(new RegExp(names!));
    expect('alpah').not.toMatch(new RegExp(names!));
  });

  test('is JSON', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
