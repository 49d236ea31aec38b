/* Makes the recorded results of a demo anew: node demos/record.js NAME [ARGUMENTS], which runs `record` of demos/NAME/record.ts. */
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const [name, ...args] = process.argv.slice(2);
const here = path => fileURLToPath(new URL(path, import.meta.url));
const server = await createServer({
  configFile: here('./vite.config.ts'),
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
try {
  await (await server.ssrLoadModule(here(`./${name}/record.ts`))).record(...args);
} finally {
  await server.close();
}
