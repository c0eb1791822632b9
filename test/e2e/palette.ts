/** The packed package, brought in and taken out by the palette manager of a Node-RED that has nothing of it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { PACK, ROOT } from './installed.js';
import type { Stage } from './stage.js';

/** npm fetches the dependencies. */
const INSTALL_MS = 90_000;

export function thePalette(stage: () => Stage): void {
  describe('the palette manager', function () {
    this.timeout(2 * INSTALL_MS);
    const folder = mkdtempSync(path.join(tmpdir(), 'smpp-pack-'));
    let page: Page;
    before(() =>
      stage().prepare(async () => {
        const editor = await stage().open();
        page = editor.page;
        await editor.invoke('core:manage-palette');
        await showTab('Install');
      }),
    );
    after(() => rmSync(folder, { recursive: true, force: true }));

    const showTab = (name: string) =>
      page.locator('#red-ui-palette-editor-tabs .red-ui-tab', { hasText: name }).click();
    const entry = () => page.locator('.red-ui-palette-node[data-palette-type="smpp-send"]');

    it('installs the packed package that is uploaded to it', async () => {
      await page.locator('input[name=tarball]').setInputFiles(pack(folder));
      await page.locator('.red-ui-palette-editor-upload button.primary').click();
      await entry().waitFor({ state: 'attached', timeout: INSTALL_MS });
    });

    it('removes it', async () => {
      await showTab('Nodes');
      const header = page.locator('.red-ui-palette-module-header', { hasText: PACK });
      await header.locator('.red-ui-palette-module-button-group a', { hasText: 'remove' }).click();
      await page.locator('.red-ui-palette-module-install-confirm-button-remove').click();
      await entry().waitFor({ state: 'detached', timeout: INSTALL_MS });
    });
  });
}

function pack(folder: string): string {
  const args = ['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', folder];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' })) as {
    filename: string;
  }[];
  return path.join(folder, packed?.filename ?? '');
}
