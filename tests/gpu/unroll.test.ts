import { expect, test } from 'vitest';
import { unroll } from '../../src/gpu/unroll.js';

const CONSTANTS =
  'const DEPTH = 2u;\nconst COLUMNS = array<u32, 2>(1u, 3u);\nconst COLUMN_TURNS = array<u32, 2>(2u, 1u);\n';
const bodies = (code: string, turns = true) =>
  unroll(CONSTANTS + code, { turns })
    .slice(CONSTANTS.length)
    .replaceAll(/\s+/g, ' ');

test('a loop over layers with turns of theirs is written out, with the layer a constant, upwards and downwards; one without stays', () => {
  expect(bodies('for (var l = 0u; l < DEPTH; l++) { let n = COLUMNS[l]; }')).toBe(
    '{ const l = 0u; let n = COLUMNS[l]; } { const l = 1u; let n = COLUMNS[l]; }',
  );
  expect(bodies('for (var l = DEPTH; l > 0u; l--) { let n = COLUMNS[l - 1u]; }')).toBe(
    '{ const l = 2u; let n = COLUMNS[l - 1u]; } { const l = 1u; let n = COLUMNS[l - 1u]; }',
  );
  expect(bodies('for (var l = 0u; l < DEPTH; l++) { f(l); }')).toBe(
    'for (var l = 0u; l < DEPTH; l++) { f(l); }',
  );
});

test('and so is a loop whose turns follow from the layer, however it is spelled', () => {
  expect(
    bodies('for(var l=DEPTH;l>0u;l--){let n=COLUMNS[l - 1u];for(var c=0u;c<n;c++){g(c);}}'),
  ).toBe(
    '{ const l = 2u; let n=COLUMNS[l - 1u];{ const c = 0u; g(c);} { const c = 1u; g(c);} { const c = 2u; g(c);}} { const l = 1u; let n=COLUMNS[l - 1u];{ const c = 0u; g(c);}}',
  );
});

test('turns stay a loop for lanes that hold nothing, and what is in them is written out', () => {
  const code =
    'for (var l = 0u; l < DEPTH; l++) { let t = COLUMN_TURNS[l]; for (var k = 0u; k < t; k++) { f(l, k); } }';
  expect(bodies(code)).toBe(
    '{ const l = 0u; let t = COLUMN_TURNS[l]; { const k = 0u; f(l, k); } { const k = 1u; f(l, k); } } { const l = 1u; let t = COLUMN_TURNS[l]; { const k = 0u; f(l, k); } }',
  );
  expect(bodies(code, false)).toBe(
    '{ const l = 0u; let t = COLUMN_TURNS[l]; for (var k = 0u; k < t; k++) { f(l, k); } } { const l = 1u; let t = COLUMN_TURNS[l]; for (var k = 0u; k < t; k++) { f(l, k); } }',
  );
});

test('what a turn skips, it skips in a loop of one turn', () => {
  expect(
    bodies('for (var l = 0u; l < DEPTH; l++) { if (a[l]) { continue; } let n = COLUMNS[l]; }'),
  ).toBe(
    'for (var once = true; once; once = false) { const l = 0u; if (a[l]) { continue; } let n = COLUMNS[l]; } for (var once = true; once; once = false) { const l = 1u; if (a[l]) { continue; } let n = COLUMNS[l]; }',
  );
});

test('loops whose turns are not known stay, and what is in them and behind them is written out', () => {
  const stays =
    'for (var t = 0u; t < pass_.last_step; t++) { } fn f(l: u32) { let n = COLUMNS[l]; for (var c = 0u; c < n; c++) { g(c); } }';
  expect(bodies(stays)).toBe(stays);
  expect(
    bodies(
      'for (var i = lane; i < n; i += 4u) { for (var l = 0u; l < DEPTH; l++) { let n = COLUMNS[l]; } } h();',
    ),
  ).toBe(
    'for (var i = lane; i < n; i += 4u) { { const l = 0u; let n = COLUMNS[l]; } { const l = 1u; let n = COLUMNS[l]; } } h();',
  );
});
