import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/**
 * Unpacks archives of `@sparticuz/chromium` (a headless browser, the software adapter, and what
 * they need) into a folder of this name, once: beside the package or, if that is read-only, in the
 * folder for temporary files. Returns the folder; undefined if the package is not installed.
 */
export function unpack(name: string, archives: readonly string[]): string | undefined {
  const bin = archiveFolder();
  if (!bin) return undefined;
  for (const cache of [
    join(bin, '..', '..', '..', '.cache', 'metaplastic'),
    join(tmpdir(), `metaplastic-${process.getuid?.() ?? 0}`),
  ]) {
    const folder = join(cache, name);
    if (existsSync(folder)) return folder;
    try {
      mkdirSync(cache, { recursive: true });
      const fresh = mkdtempSync(join(cache, 'unpacking-'));
      for (const archive of archives)
        for (const [file, bytes] of contents(join(bin, archive)))
          writeFileSync(join(fresh, file), bytes, { mode: 0o755 });
      try {
        renameSync(fresh, folder);
      } catch {
        rmSync(fresh, { recursive: true });
      } // another process was first
      if (existsSync(folder)) return folder;
    } catch {
      /* not writable: try the next place */
    }
  }
  return undefined;
}

/** Where the package keeps its archives, if it is installed. */
function archiveFolder(): string | undefined {
  let folder: string;
  try {
    folder = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'));
  } catch {
    return undefined;
  }
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    const bin = join(folder, 'bin');
    if (existsSync(join(bin, 'swiftshader.tar.br'))) return bin;
  }
  return undefined;
}

function contents(archive: string): Iterable<[string, Buffer]> {
  const bytes = brotliDecompressSync(readFileSync(archive));
  const name = archive.replace(/^.*[/\\]|\.br$/g, '');
  return name.endsWith('.tar') ? untar(bytes) : [[name, bytes]];
}

/**
 * The plain files of a tar archive: a header of 512 bytes (name at 0, size in octal at 124, type at
 * 156), then the content, padded to 512.
 */
function* untar(bytes: Buffer): Generator<[string, Buffer]> {
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0;) {
    const name = bytes.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = parseInt(bytes.toString('utf8', at + 124, at + 136), 8);
    const plain = bytes[at + 156] === 0x30 || bytes[at + 156] === 0;
    if (plain) yield [name.replace(/^.*\//, ''), bytes.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
