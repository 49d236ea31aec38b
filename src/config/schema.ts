import * as v from 'valibot';
import { saidOf } from '../options.js';
import { CONFIG } from './config.js';

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [key: string]: unknown };

/**
 * The JSON Schema (draft 2020-12) of a configuration, for editors: keys, choices, ranges, defaults
 * and what each key does, from the tables that check them. What fits it may still be refused, for
 * what keys have to do with each other.
 */
export const configSchema = (): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A configuration of metaplastic',
  ...schemaOf(CONFIG),
});

/** What valibot and `section` tell of an entry of a table. */
interface Entry {
  readonly type: string;
  readonly wrapped?: Entry;
  readonly default?: unknown;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly item?: Entry;
  readonly entries?: Readonly<Record<string, Entry>>;
  readonly open?: boolean;
  readonly others?: { readonly names: RegExp; readonly kind: unknown };
}

function schemaOf(given: unknown): JsonSchema {
  const entry = given as Entry;
  if (entry.type === 'optional') {
    const { default: standard } = entry;
    return {
      ...schemaOf(entry.wrapped),
      ...(standard !== undefined && typeof standard !== 'function' && { default: standard }),
    };
  }
  const { about, range, source } = saidOf(entry);
  const words = [about, source && `(${source})`, !entry.entries && range && `Takes ${range}.`];
  const description = words.filter(Boolean).join(' ');
  return { ...(description && { description }), ...shapeOf(entry, range) };
}

function shapeOf(entry: Entry, range = ''): JsonSchema {
  if (entry.type === 'variant') return { anyOf: entry.options!.map(schemaOf) };
  if (entry.type === 'picklist') return { enum: entry.options };
  if (entry.type === 'literal') return { const: entry.literal };
  if (entry.type === 'array') return { type: 'array', items: schemaOf(entry.item) };
  return entry.entries ? objectOf(entry) : plainOf(entry, range);
}

function objectOf({ entries, open, others }: Entry): JsonSchema {
  const all = Object.entries(entries!);
  const needed = all.filter(([, { type }]) => type !== 'optional').map(([key]) => key);
  return {
    type: 'object',
    properties: Object.fromEntries(all.map(([key, entry]) => [key, schemaOf(entry)])),
    ...(needed.length && { required: needed }),
    ...(others && { patternProperties: { [others.names.source]: schemaOf(others.kind) } }),
    additionalProperties: open === true,
  };
}

/** Values that tell what a test takes, where nothing but a test says it. */
const SAMPLES = { boolean: [true], integer: [0, 1, 2, 64], number: [0.5, 1e-4], string: ['a'] };

function plainOf(entry: Entry, range: string): JsonSchema {
  const takes = (values: readonly unknown[]) =>
    values.some(value => v.is(entry as unknown as v.GenericSchema, value));
  const types = Object.entries(SAMPLES)
    .filter(([, values]) => takes(values))
    .map(([type]) => type);
  const type = types.includes('number') ? 'number' : types[0];
  if (types.some(one => !['integer', 'number'].includes(one)) && types.length > 1) return {};
  const [, least] = /(?:≥|from) (-?[\d.e-]+)/.exec(range) ?? [];
  const [, most] = /\bto (-?[\d.e+]+)$/.exec(range) ?? [];
  const isNumber = type === 'number' || type === 'integer';
  return {
    ...(type && { type }),
    ...(isNumber && least && { minimum: Number(least) }),
    ...(isNumber && most && { maximum: Number(most) }),
  };
}
