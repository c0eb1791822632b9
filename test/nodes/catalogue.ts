/** The catalogues of the nodes as Node-RED reads them, without Node-RED. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const TYPES = ['inmobile-connection', 'smpp-send', 'smpp-receive', 'smpp-dlr'] as const;
export const LANGUAGES = ['en-US', 'da'] as const;

const NODES = join(__dirname, '..', '..', 'nodes');

/** The plugin beside the nodes. */
export const SIDEBAR = 'sidebar';

/** The names of the files in a node's folder. */
export function nodeFiles(type: string): readonly string[] {
  return readdirSync(join(NODES, type)).filter((name) => name.includes('.'));
}

/** A file of a node's folder, as text. */
export function readNodeFile(type: string, ...path: string[]): string {
  return readFileSync(join(NODES, type, ...path), 'utf8');
}

/** Every text of a catalogue, by its key below the node's type. */
export function readCatalogue(type: string, language: string): ReadonlyMap<string, string> {
  const catalogue = JSON.parse(readNodeFile(type, 'locales', language, `${type}.json`)) as object;
  return new Map(texts(catalogue));
}

/** Fills in the blanks as Node-RED's i18next does: `__name__`. */
export function translatorOf(
  catalogue: ReadonlyMap<string, string>,
  type: string,
): (key: string, blanks?: Readonly<Record<string, string | number>>) => string {
  return (key, blanks = {}) => {
    const text = catalogue.get(`${type}.${key}`);
    if (text === undefined) throw new Error(`the catalogue has no ${key}`);
    return text.replace(/__(\w+)__/g, (_, name: string) => String(blanks[name]));
  };
}

function* texts(node: object, path = ''): Generator<[key: string, text: string]> {
  for (const [name, value] of Object.entries(node) as [string, unknown][]) {
    const key = path === '' ? name : `${path}.${name}`;
    if (typeof value === 'string') yield [key, value];
    else if (typeof value === 'object' && value !== null) yield* texts(value, key);
  }
}
