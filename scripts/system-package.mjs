/** Installs a package of the system, where this can be done unasked: as root on Debian. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Another apt may be at work for minutes. apt waits for its lock on packages by itself, and for that on lists not. */
const LOCK_WAIT_S = 600;
const RETRY_MS = 5_000;
const TRIES = 60;

/** @throws Error that says why it is not installed, and what a person can do */
export async function installSystemPackage(name) {
  if (process.getuid?.() !== 0 || !isDebian())
    throw new Error(`${name} is missing, and only root on Debian can have it installed here: install it`);
  console.error(`Installing ${name} with apt-get.`);
  await aptGet(['update']);
  await aptGet(['install', '--yes', '--no-install-recommends', name]);
}

function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

async function aptGet(args) {
  const options = ['-o', `DPkg::Lock::Timeout=${LOCK_WAIT_S}`, '-o', 'Acquire::Retries=3', '--quiet=2'];
  for (let tries = 1; ; tries += 1) {
    const { status, stderr, error } = spawnSync('apt-get', [...options, ...args], {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status === 0) return;
    const said = error?.message ?? stderr.trim();
    if (tries === TRIES || !/could not get lock|unable to lock/i.test(said))
      throw new Error(`apt-get ${args.join(' ')} failed: ${said}`, { cause: error });
    await wait(RETRY_MS);
  }
}
