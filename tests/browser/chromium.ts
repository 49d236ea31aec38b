import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unpack } from '../../src/node/unpack.js';

/** How to launch the headless Chromium that `npm ci` brings, with WebGPU by the software adapter that comes with it. */
export function chromium(): { readonly executablePath: string; readonly args: string[]; readonly env: Record<string, string>; readonly timeout: number } {
  const folder = unpack('chromium', ['chromium.br', 'swiftshader.tar.br', 'fonts.tar.br']);
  if (!folder) throw new Error('expected the browser of @sparticuz/chromium (Linux x64), got none; run npm ci');
  const executablePath = join(folder, 'chromium'), env: Record<string, string> = { ...process.env as Record<string, string> };
  if (!existsSync('/etc/fonts/fonts.conf')) env['FONTCONFIG_PATH'] = folder;
  // A bare machine lacks NSS, which the package brings as well.
  if (spawnSync(executablePath, ['--version'], { env, timeout: 20_000 }).status !== 0) env['LD_LIBRARY_PATH'] = [unpack('chromium-libraries', ['al2023.tar.br']), env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return { executablePath, args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--disable-dev-shm-usage'], env, timeout: 30_000 };
}
