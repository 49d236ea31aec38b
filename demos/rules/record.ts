import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openNodeGpu } from 'metaplastic/node';
import { live, type Look } from './life.js';
import { WAYS, type WayName } from './ways.js';

/** The race that the page shows before anybody starts one. */
const SHOWN: readonly WayName[] = ['backprop', 'feedback-alignment'];

/** Writes `recorded/race.json`: node demos/record.js rules. */
export async function record(): Promise<void> {
  const gpu = await openNodeGpu();
  const looks: Look[][] = [];
  for (const way of SHOWN) {
    const own: Look[] = [];
    for await (const look of live(gpu, way, 0, WAYS[way].rate)) own.push(look);
    looks.push(own);
    console.log(way, JSON.stringify(own.at(-1)));
  }
  writeFileSync(
    fileURLToPath(new URL('./recorded/race.json', import.meta.url)),
    JSON.stringify({ ways: SHOWN, looks }, (_, x: unknown) =>
      typeof x === 'number' ? Number(x.toPrecision(4)) : x,
    ),
  );
  gpu.destroy();
}
