import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { program } from './command.js';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test("the README's program runs as it stands, but for the number of meta-steps", () => {
  const code = /```js\n(.*?)```/s.exec(readFileSync(file('README.md'), 'utf8'))![1]!;
  // inside the package, so that it can import it by name
  const path = file(`dist/readme-${process.pid}.js`);
  writeFileSync(path, code.replace('m < 1000', 'm < 2'));
  try {
    const { status, out, err } = program(path);
    expect(err).toBe('');
    expect(out).toMatch(/^0 \d+\.\d+\nafter 0, 5 and 20 examples: \d+\.\d+ \d+\.\d+ \d+\.\d+\n$/);
    expect(status).toBe(0);
  } finally {
    rmSync(path);
  }
});
