import { expect, test } from 'vitest';
import { random } from '../../src/tasks/random.js';
import { mutate, mutateBytes } from './mutate.js';

const json = { name: 'a', sizes: [1, 2, 3], nested: { rate: 0.5, on: true, none: null } };
const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
const inputs = Array.from({ length: 500 }, (_, i) => i);

test('the same seed makes the same faults', () => {
  expect(inputs.map(i => mutate(json, random(1, i)))).toEqual(
    inputs.map(i => mutate(json, random(1, i))),
  );
  expect(inputs.map(i => mutateBytes(bytes, random(1, i)))).toEqual(
    inputs.map(i => mutateBytes(bytes, random(1, i))),
  );
});
test('what is mutated stays as it was', () => {
  const before = [JSON.stringify(json), bytes.join()];
  for (const i of inputs) {
    mutate(json, random(2, i));
    mutateBytes(bytes, random(2, i));
  }
  expect([JSON.stringify(json), bytes.join()]).toEqual(before);
});
test('nearly all mutants differ from what they were made of, and most from each other', () => {
  const texts = inputs.map(i => JSON.stringify(mutate(json, random(3, i))));
  const sequences = inputs.map(i => mutateBytes(bytes, random(3, i)).join());
  expect(texts.filter(text => text === JSON.stringify(json)).length).toBeLessThan(25);
  expect(sequences.filter(text => text === bytes.join()).length).toBeLessThan(25);
  expect(new Set(texts).size).toBeGreaterThan(400);
  expect(new Set(sequences).size).toBeGreaterThan(400);
});
