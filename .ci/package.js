// The package as npm would publish it, in an empty folder of somebody who has never seen this one:
// what it exports, whether its types hold in strict TypeScript 5, 6 and 7 without skipLibCheck, and
// whether README's program runs. `npm run check:package`, after `npm run build`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Runs a program; its failure is ours. */
function run(command, args, cwd = ROOT) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** A program that names much of what is exported. */
const PROGRAM = `import {
  adam, DivergenceError, defineRule, defineTasks, evaluate, Learner, parseConfig, sineTasks, useDevice,
  type Adaptation, type Episodes, type Gpu, type LearnerOptions, type RunConfigInput, type TaskSource,
} from 'metaplastic';
import * as browser from 'metaplastic/browser';
import { runBench, type BenchReport } from 'metaplastic/bench';
import { openNodeGpu } from 'metaplastic/node';
import { linesChart, renderReport, type Chart } from 'metaplastic/report';

const own: TaskSource = defineTasks({ inputs: 1, outputs: 1, steps: 2, queries: 1 }, random => {
  const sample = () => ({ x: [random.uniform()], y: [random.normal()] });
  return { support: [sample(), sample()], queries: [sample()] };
});
const rule = defineRule({ dw: 'a * pre * post', coefficients: { a: { per: 'layer' } } });
const options: LearnerOptions = {
  system: { sizes: [1, 8, 1], rule },
  episode: own,
  tasks: 4,
  optimiser: adam({ rates: { W: 1e-3, W1: 0 }, schedule: step => 1 / (1 + step) }),
};
export async function meet(gpu: Gpu): Promise<Adaptation> {
  await using learner = await Learner.create(gpu, options);
  const episodes: Episodes = own.episodes(0, 0, 4);
  const { loss, accuracy } = await learner.step(episodes);
  const sum: number = loss + (accuracy ?? 0);
  if (Number.isNaN(sum)) throw new DivergenceError({ where: 'meet', problem: 'NaN' });
  const [evaluation] = await evaluate(learner, own, { tasks: 4, at: [0, 2] });
  console.log(evaluation!.rows[0]!.mean);
  return learner.adapt(sineTasks({ steps: 2, queries: 1 }).episodes(1, 0, 4));
}
export const config = (given: RunConfigInput) => parseConfig(given, 'given');
export const bench = (gpu: Gpu): Promise<BenchReport> => runBench(gpu);
export const chart: Chart = linesChart({ x: [1], xLabel: 'x', yLabel: 'y', lines: [] });
export const device = (device: GPUDevice): Gpu => useDevice(device);
export { browser, openNodeGpu, renderReport };
`;

/** Of each TypeScript: what has to be installed beside it, and where it has WebGPU's types from. */
const COMPILERS = [
  { name: 'ts5', types: ['@webgpu/types'] },
  { name: 'ts6', types: [] },
  { name: 'ts7', types: [] },
];
const RESOLUTIONS = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'esnext', moduleResolution: 'bundler' },
];

const scratch = mkdtempSync(join(tmpdir(), 'metaplastic-package-'));
try {
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', scratch]);
  const tarball = join(scratch, readdirSync(scratch)[0]);
  run('npx', ['publint', 'run', tarball, '--strict']);
  run('npx', ['attw', tarball, '--profile', 'esm-only']);

  const beside = name => `${name}@${devDependencies[name]}`;
  writeFileSync(join(scratch, 'package.json'), '{ "private": true, "type": "module" }');
  run(
    'npm',
    [
      ...['install', '--no-audit', '--no-fund', '--silent', tarball],
      ...['webgpu', '@sparticuz/chromium', '@webgpu/types'].map(beside),
      ...['ts5@npm:typescript@5', 'ts6@npm:typescript@6', 'ts7@npm:typescript@7'],
    ],
    scratch,
  );

  writeFileSync(join(scratch, 'program.ts'), PROGRAM);
  for (const { name, types } of COMPILERS)
    for (const resolution of RESOLUTIONS) {
      const compilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        target: 'es2023',
        lib: ['es2023', 'esnext.disposable', 'dom'],
        types,
        ...resolution,
      };
      const project = { compilerOptions, files: ['program.ts'] };
      writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(project));
      run(process.execPath, [join('node_modules', name, 'bin', 'tsc'), '-p', '.'], scratch);
      console.log(`types hold in ${name} with ${resolution.moduleResolution}`);
    }

  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const program = /```js\n(.*?)```/s.exec(readme)[1].replace('m < 1000', 'm < 2');
  writeFileSync(join(scratch, 'sines.mjs'), program);
  console.log(run(process.execPath, ['sines.mjs'], scratch).trimEnd());
  console.log(run('npx', ['metaplastic', '--version'], scratch).trimEnd());
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
