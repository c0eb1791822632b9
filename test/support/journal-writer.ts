/** A process that writes to a journal until it is killed, and prints the number of each write that is safe. */
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
      await storage.write([
        { table: 'outbox', key: String(number), value: { number, text: 'x'.repeat(100) } },
        { table: 'outbox', key: String(number - WRITERS * 4) },
        { table: 'result', key: String(number % 50), value: number },
      ]);
      process.stdout.write(`${number}\n`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

void main();
