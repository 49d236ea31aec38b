import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { program } from './command.js';

/** What a program that opens the adapter with these options finds of Node's own `setImmediate`. */
function immediateAfter(options: string): string {
  const path = fileURLToPath(new URL(`../../dist/polling-${process.pid}.js`, import.meta.url));
  writeFileSync(
    path,
    `import { openNodeGpu } from './node.js';
const before = setImmediate;
const gpu = await openNodeGpu(${options});
console.log(gpu.adapter.software, setImmediate === before);
gpu.destroy();
`,
  );
  try {
    const { out, err } = program(path);
    expect(err).toBe('');
    return out.trim();
  } finally {
    rmSync(path);
  }
}

test.each([
  ['', /^(true false|false true)$/],
  ['{ pacedPolling: false }', /^(true|false) true$/],
])(
  'openNodeGpu(%s) paces polling on software adapters only, unless told not to',
  (given, found) => {
    expect(immediateAfter(given)).toMatch(found);
  },
);
