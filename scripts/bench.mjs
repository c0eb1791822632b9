/**
 * `npm run bench`: builds what is missing and runs the benchmark. `npm run bench -- --help` has the options.
 *
 * The benchmark is compiled, not loaded through a transformer: that would be measured along with it.
 */
import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT, prepare } from './prepare.mjs';

const OUT = path.join(ROOT, '.cache', 'bench');

await prepare();
await compile();
const child = spawn(process.execPath, [path.join(OUT, 'bench.js'), ...process.argv.slice(2)], {
  // Its processes find the package by their folder.
  cwd: ROOT,
  stdio: 'inherit',
});
child.once('exit', (code) => (process.exitCode = code ?? 1));

async function compile() {
  // Not at the head: in a fresh clone it is there only after `prepare`.
  const { build } = await import('esbuild');
  const folder = path.join(ROOT, 'bench');
  const sources = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  rmSync(OUT, { recursive: true, force: true });
  await build({
    entryPoints: sources.map((file) => path.join(folder, file)),
    outdir: OUT,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
}
