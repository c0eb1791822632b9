/**
 * A process that writes to a journal until it is killed. It prints `put n` when record n is safe, and for every
 * other record `delete n` when its deletion is.
 */
import { journalStorage } from '../../lib/storage/journal-storage.js';

const [directory = '', first = '0'] = process.argv.slice(2);

/** As many as are under way at a time. */
const WRITERS = 32;

async function main(): Promise<void> {
  const storage = journalStorage({ directory });
  await storage.open();
  let next = Number(first);
  const write = async (): Promise<never> => {
    for (;;) {
      const number = next++;
      const key = String(number);
      await storage.write([{ table: 'outbox', key, value: { number, text: 'x'.repeat(100) } }]);
      process.stdout.write(`put ${key}\n`);
      if (number % 2 === 0) continue;
      await storage.write([
        { table: 'outbox', key },
        { table: 'result', key, value: number },
      ]);
      process.stdout.write(`delete ${key}\n`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

void main();
