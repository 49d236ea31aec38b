import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchOptions } from 'playwright';
import { unpack } from '../../src/node/unpack.js';

/**
 * How to launch the headless Chromium that `npm ci` brings (Linux x64), with WebGPU by the software
 * adapter that comes with it. Elsewhere it is up to
 * Playwright to find a browser of its own. The package's own `executablePath()` is not asked: it
 * takes a half-written file of another process for a whole one.
 */
export function chromium(): LaunchOptions & { readonly args: string[] } {
  const launch = {
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--disable-dev-shm-usage',
    ],
    timeout: 30_000,
  };
  const folder = unpack('chromium', ['chromium.br', 'swiftshader.tar.br', 'fonts.tar.br']);
  if (!folder) return launch;
  const executablePath = join(folder, 'chromium');
  const env: Record<string, string> = { ...(process.env as Record<string, string>) };
  // A bare machine has no fonts, and lacks NSS; the package brings both.
  if (!existsSync('/etc/fonts/fonts.conf')) {
    env['FONTCONFIG_FILE'] = join(folder, 'own-fonts.conf');
    writeFileSync(
      env['FONTCONFIG_FILE'],
      `<?xml version="1.0"?><fontconfig><dir>${folder}</dir><cachedir>${folder}</cachedir></fontconfig>\n`,
    );
  }
  if (spawnSync(executablePath, ['--version'], { env, timeout: 20_000 }).status !== 0)
    env['LD_LIBRARY_PATH'] = [
      unpack('chromium-libraries', ['al2023.tar.br']),
      env['LD_LIBRARY_PATH'],
    ]
      .filter(Boolean)
      .join(':');
  return { ...launch, executablePath, env };
}
