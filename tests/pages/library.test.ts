import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { expect, test } from 'vitest';
import type * as Metaplastic from '../../src/browser.js';
import { learnerOf, openWorld, parseConfig, train, type Gpu } from '../../src/index.js';
import { openNodeGpu } from '../../src/node/open.js';
import { RUN_PRESETS } from '../../src/config/presets.js';
import { newFolder } from '../cli/command.js';
import { closeQuietly, useBrowser } from './browse.js';

const { open } = useBrowser();
const root = fileURLToPath(new URL('../../', import.meta.url));
const STEPS = 30;
const preset = RUN_PRESETS['flp-sine']!;
const CONFIG = { ...preset, meta: { ...preset.meta, steps: STEPS } };

/**
 * The losses of a meta-training, by whichever copy of the library. It is run in a page too, so it
 * knows nothing but its arguments.
 */
async function lossesOf(
  {
    parseConfig,
    openWorld,
    learnerOf,
    train,
  }: Pick<typeof Metaplastic, 'parseConfig' | 'openWorld' | 'learnerOf' | 'train'>,
  gpu: Gpu,
  json: unknown,
): Promise<number[]> {
  const config = parseConfig(json, 'test');
  const world = await openWorld(config, () => Promise.reject(new Error('no data')));
  const learner = await learnerOf(gpu, config, world);
  const losses: number[] = [];
  await train({
    config,
    learner,
    tasks: world.train,
    onStep: line => {
      losses.push(line.medianLoss);
    },
    onCheckpoint() {},
  });
  learner.destroy();
  return losses;
}

/**
 * Relative. On the same software adapter the losses are equal, bit for bit; where Node has a GPU,
 * its adapter is another than the browser's.
 */
const TOLERANCE = 1e-4;

test('a plain script tag meta-trains a sine to the same losses as Node from the same seed', async () => {
  const opened = await open('tests/pages/plain.html');
  const inBrowser = (await opened.page.evaluate(`(async () => {
    const gpu = await metaplastic.openGpu(), losses = await (${lossesOf.toString()})(metaplastic, gpu, ${JSON.stringify(CONFIG)});
    gpu.destroy();
    return losses;
  })()`)) as number[];
  const gpu = await openNodeGpu();
  const inNode = await lossesOf({ parseConfig, openWorld, learnerOf, train }, gpu, CONFIG);
  gpu.destroy();
  expect(inNode).toHaveLength(STEPS);
  expect(Math.max(...inNode.map((loss, m) => Math.abs(inBrowser[m]! - loss) / loss))).toBeLessThan(
    TOLERANCE,
  );
  await closeQuietly(opened);
});

test('a Vite project imports it by its name, in a worker too', async () => {
  const folder = newFolder();
  const site = join('dist', `vite-project-${process.pid}`);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'metaplastic'));
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>Test</title><link rel="icon" href="data:,"><p></p><script type="module" src="./page.js"></script>',
  );
  writeFileSync(
    join(folder, 'page.js'),
    `const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => { document.querySelector('p').textContent = data; };`,
  );
  writeFileSync(
    join(folder, 'worker.js'),
    `import { isAvailable, Learner, openGpu, sineTasks } from 'metaplastic';
if (!(await isAvailable()).available) throw new Error('not available');
const gpu = await openGpu(), tasks = sineTasks({ steps: 5, queries: 5 });
const learner = await Learner.create(gpu, { system: { sizes: [1, 6, 1] }, episode: tasks, tasks: 4 });
const { loss } = await learner.step(tasks.episodes(0, 0, 4));
learner.destroy();
gpu.destroy();
postMessage(loss > 0 ? 'learned' : String(loss));`,
  );
  try {
    await build({
      root: folder,
      base: './',
      logLevel: 'error',
      configFile: false,
      worker: { format: 'es' },
      build: { target: 'es2023', outDir: join(root, site) },
    });
    const opened = await open(`${site}/index.html`);
    await opened.page.getByText('learned').waitFor();
    await closeQuietly(opened);
  } finally {
    rmSync(join(root, site), { recursive: true, force: true });
  }
});
