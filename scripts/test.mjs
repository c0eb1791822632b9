/**
 * `npm test`: lint, format, types and every test. `npm run check`: the same without what needs a browser, a Node-RED
 * process or a long simulation. Neither changes a source.
 *
 * Its last line is `N passed, N failed` (`, N skipped` where any): each check counts as one, and each test. The
 * exit code is 1 when anything failed, or when no test ran.
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { prepareBrowserTests } from './prepare-browser-tests.mjs';
import { ROOT, prepare } from './prepare.mjs';

/** Mocha waits for whatever the tests left running; after this it is a failure. */
const LEFTOVER_MS = 10_000;

const CHECKS = [
  { name: 'lint', script: 'eslint/bin/eslint.js', args: ['.', '--max-warnings', '0'] },
  { name: 'format', script: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'types', script: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'types of the forms', script: 'typescript/bin/tsc', args: ['-p', 'nodes/tsconfig.editor.json'] },
];

/** What takes minutes, the longest first. The processes share what is built and the demo's folder, so they are one suite. */
const LONG_SUITES = [
  { name: 'simulation', files: ['test/simulation/**/*.test.ts'] },
  {
    name: 'processes',
    files: ['test/process/**/*.test.ts', 'test/package/**/*.test.ts', 'test/e2e/**/*.test.ts'],
  },
];
const NODES = { name: 'nodes', files: ['test/nodes/**/*.test.ts', 'test/flows/**/*.test.ts'] };
/** All that the others leave, so that no folder is in none. */
const LIBRARY = {
  name: 'library',
  files: [
    'test/**/*.test.ts',
    ...[...LONG_SUITES, NODES].flatMap(({ files }) => files.flatMap((file) => ['--ignore', file])),
  ],
};
/** None of the suites measures time, so they run side by side; on one core too, since most of them wait a lot. */
const SIDE_BY_SIDE = Math.max(2, availableParallelism());

const isQuick = process.argv.includes('--quick');

await prepare();
if (!isQuick) await prepareBrowserTests();
const suites = isQuick ? [NODES, LIBRARY] : [...LONG_SUITES, NODES, LIBRARY];
const results = await sideBySide([
  ...suites.map((suite) => () => runMocha(suite)),
  ...CHECKS.map((check) => () => runCheck(check)),
]);

const passed = sum(results, 'passed');
const failed = sum(results, 'failed');
const skipped = sum(results, 'skipped');
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);

/** The results of all, in any order. */
async function sideBySide(jobs) {
  const waiting = [...jobs];
  const results = [];
  const lane = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) results.push(await job());
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
  return results;
}

async function runCheck({ name, script, args }) {
  const { exitCode, said, tookMs } = await run(script, args).exit;
  const passes = exitCode === 0;
  process.stdout.write(`${said}${passes ? '✔' : '✖'} ${name} (${tookMs} ms)\n`);
  return { passed: passes ? 1 : 0, failed: passes ? 0 : 1, skipped: 0 };
}

async function runMocha({ name, files }) {
  const totals = path.join(ROOT, '.cache', `totals-${process.pid}-${name}.json`);
  rmSync(totals, { force: true });
  const args = [
    ...files,
    '--reporter',
    './scripts/totals-reporter.mjs',
    '--reporter-option',
    `totals=${totals}`,
  ];
  // A left-out test is a failure where everything is expected to be there.
  if (process.env.CI === 'true') args.push('--forbid-only', '--forbid-pending');
  // Its own program would start another process for `--import`, which then could not be ended from here.
  const mocha = run('mocha/lib/cli/cli.js', args, ['--import', 'tsx']);
  const stopWatching = killWhenLeftRunning(mocha.child, totals);
  const { exitCode, said, tookMs } = await mocha.exit;
  stopWatching();
  process.stdout.write(`${said}\n  ${name}: ${tookMs} ms\n`);
  return readTotals(totals, exitCode);
}

/** Ends mocha when its tests are over and something of theirs keeps it from ending by itself. */
function killWhenLeftRunning(child, totals) {
  let overAt;
  const timer = setInterval(() => {
    if (!existsSync(totals)) return;
    overAt ??= Date.now();
    if (Date.now() - overAt < LEFTOVER_MS) return;
    console.error('The tests are over, but a timer, socket or process of theirs is still there.');
    child.kill('SIGKILL');
  }, 500);
  return () => clearInterval(timer);
}

function readTotals(totals, exitCode) {
  if (!existsSync(totals)) return { passed: 0, failed: 1, skipped: 0 };
  const { passes, failures, pending } = JSON.parse(readFileSync(totals, 'utf8'));
  rmSync(totals);
  if (passes + failures === 0) console.error('No test ran.');
  // Mocha's exit code is the number of failures; it also fails on what was thrown outside of any test.
  const otherFailure = failures === 0 && (exitCode !== 0 || passes === 0);
  return { passed: passes, failed: otherFailure ? 1 : failures, skipped: pending };
}

/** A program of a package. What it says is kept until it ends: of two at once nobody could read it. */
function run(script, args, nodeArgs = []) {
  const startedAt = Date.now();
  const file = path.join(ROOT, 'node_modules', script);
  const child = spawn(process.execPath, [...nodeArgs, file, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  const exit = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) =>
      resolve({ exitCode, said: Buffer.concat(chunks).toString(), tookMs: Date.now() - startedAt }),
    );
  });
  return { child, exit };
}

function sum(list, key) {
  return list.reduce((total, entry) => total + entry[key], 0);
}
