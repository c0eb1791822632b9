/**
 * Installs what test/e2e needs beyond the packages of the checkout: Chromium, and into .cache/ the other Node-RED,
 * a Node for it and Dashboard 2, which `npm start` must not have to carry.
 *
 * What cannot be installed here is said and no error: the suite then reports itself as left out.
 */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT, inTurn, installPackages } from './prepare.mjs';
import { installSystemPackage } from './system-package.mjs';

/** The same in test/e2e/installed.ts. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PACKAGES = path.join(ROOT, '.cache', 'e2e');

export function prepareBrowserTests() {
  return inTurn(async () => {
    try {
      if (!existsSync(CHROMIUM)) await installSystemPackage('chromium');
      mkdirSync(PACKAGES, { recursive: true });
      for (const name of ['package.json', 'package-lock.json'])
        copyFileSync(path.join(ROOT, 'test', 'e2e', name), path.join(PACKAGES, name));
      installPackages(PACKAGES);
    } catch (error) {
      console.error(`The browser tests are left out: ${error.message}`);
    }
  });
}
