import assert from 'node:assert/strict';
import { LANGUAGES, nodeFiles, readCatalogue, readNodeFile, SIDEBAR, TYPES } from './catalogue.js';

const blanks = (text: string): string[] => [...text.matchAll(/__\w+__/g)].map(([blank]) => blank).sort();
const helpOf = (type: string, language: string): string =>
  readNodeFile(type, 'locales', language, `${type}.html`);

describe('The texts of the nodes', () => {
  for (const type of TYPES) {
    describe(type, () => {
      const english = readCatalogue(type, 'en-US');
      const danish = readCatalogue(type, 'da');

      it('has every text in both languages', () => {
        assert.deepEqual([...danish.keys()], [...english.keys()]);
      });

      it('has the same blanks in both languages', () => {
        for (const [key, text] of english) assert.deepEqual(blanks(danish.get(key) ?? ''), blanks(text), key);
      });

      it('has a text for every label of its form', () => {
        const form = readNodeFile(type, 'editor.html');
        const keys = [...form.matchAll(/data-i18n="(?:\[[\w-]+\])?([^"]+)"/g)].map(([, key]) => key ?? '');
        assert.ok(keys.length > 0);
        for (const key of keys) assert.ok(english.has(key), key);
      });

      it('has every text that its form asks for by name', () => {
        const scripts = nodeFiles(type).filter((name) => name.endsWith('editor.ts'));
        for (const script of scripts) {
          const source = readNodeFile(type, script);
          const asked = [
            ...[...source.matchAll(/this\._\('([\w.-]+)'/g)].map(([, key]) => key ?? ''),
            ...[...source.matchAll(/say\((?:TYPE|'[\w-]+'), '([\w.]+)'/g)].map(([, key]) => `${type}.${key}`),
          ];
          for (const key of asked) assert.ok(english.has(key), key);
        }
      });

      it('has no text of its own in its form', () => {
        const visible = readNodeFile(type, 'editor.html')
          .replace(/<[^>]*>/g, '')
          .replaceAll('&nbsp;', '');
        assert.equal(visible.trim(), '');
      });

      it('has a field in its form for every property and credential', () => {
        const form = readNodeFile(type, 'editor.html');
        const definition = readNodeFile(type, 'editor.ts');
        const properties = [...definition.matchAll(/^ {4}(\w+): \{/gm)].map(([, name]) => name ?? '');
        assert.ok(properties.length >= 2);
        for (const property of properties.filter((name) => name !== 'from' || type !== 'smpp-dlr')) {
          assert.match(form, new RegExp(`id="node-(config-)?input-${property}"`), property);
        }
      });

      for (const language of LANGUAGES) {
        it(`has help in ${language} that names its type and begins with its summary`, () => {
          assert.match(
            helpOf(type, language),
            new RegExp(`^<script type="text/markdown" data-help-name="${type}">\\n\\w`),
          );
        });
      }

      it('has the same headings and lists in the help of both languages', () => {
        const shape = (language: string): string[] =>
          helpOf(type, language)
            .split('\n')
            .map((line) => /^(### \w+|\d\.|: \*?\w+\*? \([^)]*\)|- )/.exec(line)?.[0] ?? '')
            .filter((line) => line !== '');
        assert.deepEqual(shape('da'), shape('en-US'));
      });
    });
  }
});

describe('The texts of the sidebar', () => {
  const english = readCatalogue(SIDEBAR, 'en-US');
  const danish = readCatalogue(SIDEBAR, 'da');
  const scripts = nodeFiles(SIDEBAR).filter((name) => name.endsWith('editor.ts'));
  const source = scripts.map((name) => readNodeFile(SIDEBAR, name)).join('\n');

  it('are the same in both languages, with the same blanks', () => {
    assert.deepEqual([...danish.keys()], [...english.keys()]);
    for (const [key, text] of english) assert.deepEqual(blanks(danish.get(key) ?? ''), blanks(text), key);
  });

  it('have every text that its scripts name', () => {
    const named = [...source.matchAll(/say\('([\w.]+)'/g)].map(([, key]) => `sidebar.${key}`);
    assert.ok(named.length > 20);
    assert.deepEqual(
      named.filter((key) => !english.has(key)),
      [],
    );
  });

  it('have every family of texts that its scripts choose from', () => {
    const families = new Set(
      [...source.matchAll(/`([\w.]+)\.\$\{/g)].map(([, family]) => `sidebar.${family}.`),
    );
    assert.ok(families.size >= 6);
    const keys = [...english.keys()];
    const missing = [...families].filter((family) => !keys.some((key) => key.startsWith(family)));
    assert.deepEqual(missing, []);
  });

  it('have no text that nothing names', () => {
    const isNamed = (key: string): boolean => {
      const own = key.replace(/^sidebar\./, '');
      return source.includes(`'${own}'`) || source.includes(`\`${own.replace(/\.\w+$/, '')}.\${`);
    };
    assert.deepEqual(
      [...english.keys()].filter((key) => !isNamed(key)),
      [],
    );
  });

  it('have words for every event, state and refusal', () => {
    const wanted: Readonly<Record<string, readonly string[]>> = {
      event: [
        'connecting',
        'connected',
        'hostChanged',
        'maintenance',
        'refused',
        'disconnected',
        'noConnection',
        'stopped',
      ],
      link: ['connecting', 'bound', 'draining', 'waiting', 'stopped'],
      entry: ['scheduled', 'queued', 'retrying', 'underWay'],
      problem: ['notEditor', 'unknown', 'tooLate', 'busy', 'invalid', 'failed', 'forbidden', 'offline'],
    };
    for (const [family, names] of Object.entries(wanted)) {
      for (const name of names) assert.ok(english.has(`sidebar.${family}.${name}`), `${family}.${name}`);
    }
  });
});
