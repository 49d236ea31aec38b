import { test } from 'vitest';
import { readFileSync } from 'node:fs';
import { readCase } from '../../src/reference/case.js';
import { referenceGradient } from '../../src/reference/meta-gradient.js';
test('x', () => {
  const c = readCase(JSON.parse(readFileSync(`/work/shared/oracle/rule-taylor.json`, 'utf8')));
  const err = (g: Float64Array) => c.layout.tensors.map(t => { let d = 0, n = 0; for (let i = t.offset; i < t.offset + t.size; i++) { d += (g[i]! - c.expected.gradient[i]!) ** 2; n += c.expected.gradient[i]! ** 2; } return `${t.name} ${Math.sqrt(d / n).toExponential(1)}`; }).join(' ');
  const g = referenceGradient(c.system, c.layout, c.parameters, c.episodes);
  console.log('f64', err(g.gradient));
  const f = (a: any) => Float64Array.from(Float32Array.from(a));
  const e = { ...c.episodes, supportX: f(c.episodes.supportX), supportY: f(c.episodes.supportY), queryX: f(c.episodes.queryX), queryY: f(c.episodes.queryY) };
  console.log('f32 episodes', err(referenceGradient(c.system, c.layout, c.parameters, e).gradient));
  console.log('f32 parameters', err(referenceGradient(c.system, c.layout, f(c.parameters), c.episodes).gradient));
  console.log('both', err(referenceGradient(c.system, c.layout, f(c.parameters), e).gradient));
  console.log(Array.from(c.expected.finalWeights[0]![0]!).slice(0,8));
});
