import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { evaluateBy } from './evaluate.js';
import { useFirefox } from './firefox.js';
import { useGiven, write } from './give.js';
import { linkedModules, type Module } from './modules.js';
import { absence, find } from './present.js';
import { LIMITS, measure, type Measures } from './quantities.js';

const deno = find('deno');
const firefox = find('firefox');

describe('every module that the library links', () => {
  let modules: Module[];
  const given = useGiven('modules');
  beforeAll(async () => {
    modules = await linkedModules();
    write(given, 'modules.json', JSON.stringify(modules));
  });

  test('is linked from a shader with an entry point, and each of these is there', () => {
    const linked = new Set(modules.map(({ label }) => label.split(' ')[0]!));
    const entries = readdirSync('shaders')
      .filter(name => name.endsWith('.wgsl'))
      .filter(name => readFileSync(`shaders/${name}`, 'utf8').includes('@compute'))
      .map(name => name.replace(/\.wgsl$/, ''));
    expect([...linked].toSorted()).toEqual(entries.toSorted());
  });

  // Safari runs on no machine of ours, but WebKit refuses what exceeds these, and says so.
  test.each(Object.keys(LIMITS) as (keyof Measures)[])(
    'stays within what Safari allows: %s',
    key => {
      const beyond = modules
        .map(({ label, code }) => ({ label, value: measure(code)[key] }))
        .filter(({ value }) => value > LIMITS[key]);
      expect(beyond).toEqual([]);
    },
  );

  test.skipIf(!deno)(`compiles by naga in Deno${deno ? '' : `: ${absence('deno')}`}`, async () => {
    const path = JSON.stringify('./modules.json');
    const expression = `subject.complaints((await import(${path}, { with: { type: 'json' } })).default)`;
    expect(await evaluateBy(deno!, ['run', '--allow-all', '--no-lock'], given, expression)).toEqual(
      [],
    );
  });

  describe.skipIf(!firefox)(`in Firefox${firefox ? '' : `: ${absence('firefox')}`}`, () => {
    const { evaluate } = useFirefox(firefox, given);

    test('compiles by naga', async () => {
      const expression = `fetch('/${given}/modules.json').then(async modules => subject.complaints(await modules.json()))`;
      expect(await evaluate(expression)).toEqual([]);
    });
  });
});

describe('the measures of a module', () => {
  const code = `const N = 3u; const M = 2u;
struct Pair { a: u32, b: vec4f }
var<private> kept: array<vec4f, N>;
var<workgroup> shared_: array<f32, N * M>;
@group(0) @binding(0) var<storage, read> given: array<f32, 100000>;
fn pair(x: f32) -> Pair { return Pair(1u, vec4f(x)); }
@compute @workgroup_size(1)
fn main() {
  var a = 1u;
  var b = mat4x4f();
  for (var l = 0u; l < N; l++) { var c = array<f32, 5>(); if (l > 1u) { var d = pair(f32(l)); } }
}`;

  test('count what WebKit counts', () => {
    expect(measure(code)).toEqual({
      'bytes of variables in a function': 4 + 64 + 4 + 20 + 32,
      'bytes of private variables': 48,
      'bytes of workgroup variables': 24,
      'nesting of blocks': 3,
      'elements of a constant array': 0,
    });
  });
});
