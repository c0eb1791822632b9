/**
 * `npm test`: lint, format, types and every test. It changes no source.
 *
 * Its last line is `N passed, N failed` (`, N skipped` where any): each check counts as one, and each test. The
 * exit code is 1 when anything failed, or when no test ran.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
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

/** Virtual time needs one core and waits for nothing, so it runs beside all else. */
const ON_VIRTUAL_TIME = 'test/simulation/**/*.test.ts';

await prepare();
await prepareBrowserTests();
const simulation = runMocha('simulation', [ON_VIRTUAL_TIME]);
// Side by side, since none of them measures time.
const results = await Promise.all(CHECKS.map(runCheck));
results.push(await runMocha('others', ['test/**/*.test.ts', '--ignore', ON_VIRTUAL_TIME]), await simulation);

const passed = sum(results, 'passed');
const failed = sum(results, 'failed');
const skipped = sum(results, 'skipped');
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);

async function runCheck({ name, script, args }) {
  const startedAt = Date.now();
  const exitCode = await run(script, args).exit;
  const passes = exitCode === 0;
  console.log(`${passes ? '✔' : '✖'} ${name} (${Date.now() - startedAt} ms)`);
  return { passed: passes ? 1 : 0, failed: passes ? 0 : 1, skipped: 0 };
}

async function runMocha(name, files) {
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
  const exitCode = await mocha.exit;
  stopWatching();
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

function run(script, args, nodeArgs = []) {
  const file = path.join(ROOT, 'node_modules', script);
  const child = spawn(process.execPath, [...nodeArgs, file, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exit = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  return { child, exit };
}

function sum(list, key) {
  return list.reduce((total, entry) => total + entry[key], 0);
}
