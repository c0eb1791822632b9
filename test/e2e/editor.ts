/**
 * Node-RED's editor as a person uses it: palette, workspace, dialogs, sidebar. What it waits for is on the page.
 *
 * Its selectors hold in 4.1 and 5.0. Source: Node-RED's `editor-client`, `red.js`.
 */
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';

/** Anything that takes longer on a page of this machine is not coming. */
const PATIENCE_MS = 20_000;

const PALETTE = '#red-ui-palette-container .red-ui-palette-node:visible';

/** The parts of the editor's own object that are used here. */
interface EditorInside {
  readonly nodes: {
    eachNode(visit: (node: PlacedNode) => void): void;
    eachConfig(visit: (node: PlacedNode) => void): void;
  };
  readonly settings: { setLocal(name: string, value: string): void };
  readonly actions: { invoke(name: string): void };
}

/** A node of the workspace, or a configuration node. */
export interface PlacedNode {
  readonly id: string;
  readonly type: string;
  readonly valid: boolean;
  readonly validationErrors?: readonly string[];
  /** What a smpp-dlr node listens to, or the sender of a smpp-send node. */
  readonly from?: unknown;
}

export class Editor {
  readonly page: Page;
  /** What the page wrote to the browser's console. */
  readonly console: string[] = [];

  /** Call `open`. */
  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.console.push(`uncaught: ${error.message}`));
  }

  /** @param address of the editor */
  static async open(page: Page, address: string): Promise<Editor> {
    const editor = new Editor(page);
    await page.goto(address);
    await editor.#logIn();
    return editor;
  }

  async chooseTheme(theme: 'light' | 'dark'): Promise<void> {
    await this.page.evaluate((name) => {
      (RED as unknown as EditorInside).settings.setLocal('view-dark-theme', name);
    }, theme);
    await this.page.reload();
    await this.#isReady();
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  async takePicture(file: string): Promise<void> {
    await this.page.screenshot({ path: file });
  }

  /** Drags a node from the palette to a place on the workspace. */
  async dragFromPalette(type: string, x: number, y: number): Promise<void> {
    const entry = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await entry.scrollIntoViewIfNeeded();
    await entry.hover();
    await this.page.mouse.down();
    const workspace = await boxOf(this.page.locator('#red-ui-workspace-chart'));
    // A drag begins with a small movement.
    await this.page.mouse.move(workspace.x + x - 20, workspace.y + y, { steps: 5 });
    await this.page.mouse.move(workspace.x + x, workspace.y + y, { steps: 5 });
    await this.page.mouse.up();
  }

  /** The node that says this on the workspace. */
  nodeSaying(label: string): Locator {
    return this.page.locator('#red-ui-workspace-chart .red-ui-flow-node-group', { hasText: label });
  }

  /** A node of the workspace, by its id. */
  node(id: string): Locator {
    return this.page.locator(`[id="${id}"].red-ui-flow-node-group`);
  }

  /** Opens the form of a node. */
  async edit(node: Locator): Promise<void> {
    const { x, y } = await middleOf(node.locator('rect.red-ui-flow-node'));
    await this.page.mouse.dblclick(x, y);
    await this.#dialogIsOpen();
  }

  /** The form that is open, the last of several. */
  dialog(): Locator {
    return this.page.locator('.red-ui-tray').last();
  }

  /** A field of the open form of a configuration node. */
  configField(property: string): Locator {
    return this.page.locator(`#node-config-input-${property}`);
  }

  /** Presses the button beside a field that names a configuration node. */
  async openConfigNode(property: string, button: 'add' | 'edit'): Promise<void> {
    await this.page
      .locator(`#node-input-btn-${property}-${button}, #node-input-lookup-${property}`)
      .first()
      .click();
    await this.#dialogIsOpen();
  }

  /** Takes over what the form of a configuration node holds. */
  async closeConfigNode(): Promise<void> {
    await this.#leave(this.page.locator('#node-config-dialog-ok'));
  }

  /** Takes over what the form of a node holds. */
  async closeForm(): Promise<void> {
    await this.#leave(this.page.locator('#node-dialog-ok'));
  }

  /** Leaves every form that is open without a trace. */
  async cancelForms(): Promise<void> {
    const config = this.page.locator('#node-config-dialog-cancel');
    if (await config.isVisible()) await this.#leave(config);
    await this.#leave(this.page.locator('#node-dialog-cancel'));
  }

  /** Chooses the type of a property that may be of several. @returns its field */
  async chooseType(property: string, type: string): Promise<Locator> {
    const container = this.page.locator(`#node-input-${property} + .red-ui-typedInput-container`);
    await container.locator('.red-ui-typedInput-type-select').click();
    await this.page.locator(`.red-ui-typedInput-options:visible a[value="${type}"]`).click();
    return container.locator('input.red-ui-typedInput-input');
  }

  async deploy(): Promise<void> {
    const isAnswered = this.page.waitForResponse(
      (response) => response.request().method() === 'POST' && response.url().endsWith('/flows'),
    );
    await this.page.locator('#red-ui-header-button-deploy').click();
    await isAnswered;
  }

  /** Presses the button of an inject node. */
  async pressButton(id: string): Promise<void> {
    await this.node(id).locator('.red-ui-flow-node-button-button').click();
  }

  /** What its button does, without the note that would cover part of the page. */
  async inject(id: string): Promise<void> {
    await this.page.evaluate(`$.ajax({ url: 'inject/${id}', method: 'POST' })`);
  }

  /** The messages of the debug sidebar, which is opened. */
  async debugMessages(): Promise<Locator> {
    await this.invoke('core:show-debug-tab');
    return this.page.locator('.red-ui-debug-msg');
  }

  /** Pastes a flow into the import dialog. */
  async importFlow(json: string): Promise<void> {
    await this.invoke('core:show-import-dialog');
    const text = this.page.locator('#red-ui-clipboard-dialog-import-text');
    await text.fill(json);
    await text.press('End'); // what it holds is looked at after a key
    const done = this.page.locator('#red-ui-clipboard-dialog-ok');
    await done.click();
    await done.waitFor({ state: 'hidden' }); // the dialog is kept
  }

  /** Puts a copy of every node of the workspace at a place of it. */
  async copyAll(x: number, y: number): Promise<void> {
    await this.invoke('core:select-all-nodes');
    await this.invoke('core:copy-selection-to-internal-clipboard');
    await this.invoke('core:paste-from-internal-clipboard');
    const workspace = await boxOf(this.page.locator('#red-ui-workspace-chart'));
    await this.page.mouse.move(workspace.x + x, workspace.y + y, { steps: 5 });
    await this.page.mouse.click(workspace.x + x, workspace.y + y);
  }

  /** Every node that the editor has, configuration nodes too. */
  async nodes(): Promise<PlacedNode[]> {
    return this.page.evaluate(() => {
      const found: PlacedNode[] = [];
      const { nodes } = RED as unknown as EditorInside;
      for (const each of [nodes.eachNode, nodes.eachConfig]) {
        each(({ id, type, valid, validationErrors = [], from }) => {
          found.push({ id, type, valid, validationErrors, from });
        });
      }
      return found;
    });
  }

  async invoke(action: string): Promise<void> {
    await this.page.evaluate((name) => (RED as unknown as EditorInside).actions.invoke(name), action);
  }

  /** A dialog slides in, and then takes the focus, also from who types already. */
  async #dialogIsOpen(): Promise<void> {
    await this.dialog().locator('.red-ui-tray-body :focus').waitFor();
  }

  /** The first time in a browser; after that it knows who it is. */
  async #logIn(): Promise<void> {
    const name = this.page.locator('#node-dialog-login-username');
    await name.or(this.page.locator(PALETTE).first()).waitFor();
    if (await name.isVisible()) {
      await name.fill('admin');
      await this.page.locator('#node-dialog-login-password').fill('any');
      await this.page.locator('#node-dialog-login-submit').click();
    }
    await this.#isReady();
  }

  async #leave(button: Locator): Promise<void> {
    await button.click();
    await button.waitFor({ state: 'detached' });
  }

  async #isReady(): Promise<void> {
    await this.page.locator(PALETTE).first().waitFor();
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });
    await this.page.locator('#red-ui-workspace-tabs .red-ui-tab').first().waitFor();
  }
}

/** Passes once one of the places says this; otherwise fails with what they say. */
export async function says(place: Locator, wanted: RegExp | string): Promise<void> {
  try {
    await place.filter({ hasText: wanted }).first().waitFor();
  } catch {
    const found = (await place.allInnerTexts()).join('\n');
    assert.fail(`${String(place)} does not say ${String(wanted)} but:\n${found}`);
  }
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The workspace is a drawing that scrolls; a click by the mouse leaves it where it is. */
async function middleOf(place: Locator): Promise<Point> {
  const { x, y, width, height } = await boxOf(place);
  return { x: x + width / 2, y: y + height / 2 };
}

async function boxOf(place: Locator): Promise<Point & { readonly width: number; readonly height: number }> {
  await place.waitFor();
  const box = await place.boundingBox();
  assert.ok(box !== null, `${String(place)} is not shown`);
  return box;
}
