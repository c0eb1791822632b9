/**
 * One version of Node-RED with users and a root of its own, and a browser before it.
 *
 * It is started once for many tests; what one leaves behind goes with the next `deploy` and `open`.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { startNodeRed, type NodeRedProcess } from '../support/node-red-process.js';
import { Editor } from './editor.js';
import type { FlowNode } from './flows.js';
import { CHROMIUM, ROOT, type Version } from './installed.js';

/** Below a root, and for users who have logged in: what works so works without, too. */
const SETTINGS = `{
  flowFile: 'flows.json',
  httpAdminRoot: '/admin',
  adminAuth: {
    type: 'credentials',
    users: async (username) => ({ username, permissions: '*' }),
    authenticate: async (username) => ({ username, permissions: '*' }),
  },
}`;
const LOGIN = {
  client_id: 'node-red-admin',
  grant_type: 'password',
  scope: '',
  username: 'admin',
  password: 'any',
};

/** Root has no sandbox, and only our own pages are shown. The others keep it quiet. */
const BROWSER_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const SIZE = { width: 1280, height: 800 };
/** Of pictures: a page of 150 kB at most, and a form to the end of what the doctor says. */
const PAGE_HEIGHT = 700;
const FORM_HEIGHT = 880;

/** Screenshots and consoles of tests that failed. */
const EVIDENCE = path.join(ROOT, '.cache', 'browser-failures');

/** `PICTURES=docs` renews those of the README. */
const PICTURES = path.resolve(ROOT, process.env.PICTURES ?? path.join('.cache', 'pictures'));

interface Parts {
  readonly version: Version;
  readonly userDir: string;
  readonly nodeRed: NodeRedProcess;
  readonly browser: Browser;
}

export class Stage {
  readonly version: Version;
  readonly #userDir: string;
  readonly #nodeRed: NodeRedProcess;
  readonly #browser: Browser;
  /** By locale. A window that has been here has most of the editor in its cache. */
  readonly #windows = new Map<string, BrowserContext>();
  #editor: Editor | undefined;

  /** Call `start`. */
  constructor({ version, userDir, nodeRed, browser }: Parts) {
    this.version = version;
    this.#userDir = userDir;
    this.#nodeRed = nodeRed;
    this.#browser = browser;
  }

  /** @param packages folders of packages that Node-RED is to find installed, by name */
  static async start(version: Version, packages: Readonly<Record<string, string>>): Promise<Stage> {
    const userDir = mkdtempSync(path.join(tmpdir(), 'smpp-browser-'));
    install(userDir, packages);
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: BROWSER_ARGUMENTS });
    try {
      const nodeRed = await startNodeRed(userDir, SETTINGS, version);
      return new Stage({ version, userDir, nodeRed, browser });
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** Replaces all flows. A configuration node may carry `credentials`. */
  async deploy(flows: readonly FlowNode[]): Promise<void> {
    const token = await fetch(`${this.#admin}/auth/token`, {
      method: 'POST',
      body: new URLSearchParams(LOGIN),
    });
    const { access_token } = (await token.json()) as { readonly access_token: string };
    const deployed = await fetch(`${this.#admin}/flows`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${access_token}`,
        'Content-Type': 'application/json',
        'Node-RED-API-Version': 'v2',
      },
      body: JSON.stringify({ flows }),
    });
    assert.equal(deployed.status, 200, await deployed.text());
  }

  /** Opens the editor anew. @param locale of the browser, such as da-DK */
  async open(locale = 'en-US'): Promise<Editor> {
    await this.#editor?.close();
    const window = this.#windows.get(locale) ?? (await this.#browser.newContext({ locale, viewport: SIZE }));
    this.#windows.set(locale, window);
    this.#editor = await Editor.open(await window.newPage(), `${this.#admin}/`);
    return this.#editor;
  }

  /** Takes a picture of the page, or of a part of it, for the README; of the newest Node-RED alone. */
  async keepPicture(name: string, { page }: Editor, part: Page | Locator = page): Promise<void> {
    if (!this.version.isPictured) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.setViewportSize({ ...SIZE, height: part === page ? PAGE_HEIGHT : FORM_HEIGHT });
    await part.screenshot({ path: path.join(PICTURES, `${name}.png`), animations: 'disabled' });
    await page.setViewportSize(SIZE);
  }

  /** Does what comes before several tests; a failure there leaves its evidence as that of a test does. */
  async prepare(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      await this.saveEvidence('preparation');
      throw error;
    }
  }

  /** Keeps what is to be seen now, and what the page and Node-RED have said, and says where. */
  async saveEvidence(title: string): Promise<void> {
    const name = `${this.version.name} ${title}`.replaceAll(/[^\w.-]+/g, '-').slice(0, 120);
    mkdirSync(EVIDENCE, { recursive: true });
    await this.#editor?.takePicture(path.join(EVIDENCE, `${name}.png`));
    const lines = [...(this.#editor?.console ?? []), '--- Node-RED', this.#nodeRed.said()];
    writeFileSync(path.join(EVIDENCE, `${name}.log`), lines.join('\n'));
    console.error(`See ${path.join(EVIDENCE, name)}.png and .log`);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#browser.close(), this.#nodeRed.stop()]);
    rmSync(this.#userDir, { recursive: true, force: true });
  }

  get #admin(): string {
    return `${this.#nodeRed.address}/admin`;
  }
}

function install(userDir: string, packages: Readonly<Record<string, string>>): void {
  const dependencies: Record<string, string> = {};
  for (const [name, folder] of Object.entries(packages)) {
    const link = path.join(userDir, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(folder, link, 'junction');
    dependencies[name] = '*';
  }
  writeFileSync(
    path.join(userDir, 'package.json'),
    JSON.stringify({ name: 'user-dir', private: true, dependencies }),
  );
}
