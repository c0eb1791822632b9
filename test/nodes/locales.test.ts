import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { LANGUAGES, nodeFolder, readCatalogue, readNodeFile, TYPES } from './catalogue.js';

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
        const scripts = readdirSync(nodeFolder(type)).filter((name) => name.endsWith('editor.ts'));
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
