/**
 * Makes a checkout ready to run: installs the packages and builds dist/, each only when it is needed.
 *
 * Every command calls it first, so that each is enough by itself in a fresh clone. It uses nothing but Node and
 * npm, and writes to stderr only: stdout belongs to the command.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const CACHE = path.join(ROOT, '.cache');
/** Its time of change is the start of the last build that succeeded. */
const BUILT = path.join(CACHE, 'built');
const LOCK = path.join(CACHE, 'prepare.lock');
const SOURCES = [
  'lib',
  'nodes',
  'icons',
  'scripts/build.mjs',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/**
 * Installs and builds what is missing or out of date. Processes that do so at once take turns.
 *
 * @throws Error when npm or the build fails; what they said is on stderr
 */
export function prepare() {
  return inTurn(() => {
    installPackages(ROOT);
    if (!isBuilt()) {
      const startedAt = new Date();
      run(process.execPath, [path.join(ROOT, 'scripts', 'build.mjs')]);
      writeFileSync(BUILT, '');
      utimesSync(BUILT, startedAt, startedAt);
    }
  });
}

/** Does this while no other process of the checkout is in such a place. */
export async function inTurn(act) {
  mkdirSync(CACHE, { recursive: true });
  await takeLock();
  try {
    return await act();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

/** Installs what the lock file in the folder names, when it is not there yet. @throws Error when npm fails */
export function installPackages(folder) {
  if (isInstalled(folder)) return;
  // Scripts of packages are not run: none is needed, and newer npm versions ask before they run any.
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', args, folder);
}

/** Whether node_modules holds every package of the lock file in the version it names. */
function isInstalled(folder) {
  const wanted = readLock(path.join(folder, 'package-lock.json'));
  const present = readLock(path.join(folder, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(([place, entry]) => {
    // Packages for other machines are optional, and the root package is not installed.
    return place === '' || entry.optional === true || present[place]?.version === entry.version;
  });
}

function readLock(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

function isBuilt() {
  if (!existsSync(path.join(ROOT, 'dist')) || !existsSync(BUILT)) return false;
  const builtAt = statSync(BUILT).mtimeMs;
  return SOURCES.every((source) => changedAt(path.join(ROOT, source)) < builtAt);
}

/** The latest change below a path; a folder's own time tells of files removed from it. */
function changedAt(file) {
  if (!existsSync(file)) return 0;
  const { mtimeMs } = statSync(file);
  const entries = statSync(file).isDirectory() ? readdirSync(file) : [];
  return Math.max(mtimeMs, ...entries.map((entry) => changedAt(path.join(file, entry))));
}

/** Waits for another process that prepares, and not for one that has died. */
async function takeLock() {
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isLockHeld()) await wait(200);
    else rmSync(LOCK, { force: true });
  }
}

function isLockHeld() {
  try {
    const owner = Number(readFileSync(LOCK, 'utf8'));
    // Its owner writes its number right after making the file.
    return owner === 0 ? Date.now() - statSync(LOCK).mtimeMs < 2_000 : isAlive(owner);
  } catch {
    return false; // given up meanwhile
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function run(command, args, cwd = ROOT) {
  // On Windows npm is a batch file, which only a shell starts.
  const shell = command === 'npm' && process.platform === 'win32';
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2], shell });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: error });
}
