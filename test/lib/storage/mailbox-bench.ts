/** A mailbox of texts as one bench, whose clock and storage outlive it. */
import type { EpochMs } from '../../../lib/clock.js';
import { Mailbox, type MailboxOptions } from '../../../lib/storage/mailbox.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

export const HOUR_MS = 3_600_000;
export const EVENT = 'event';

export class MailboxBench {
  readonly clock = new FakeClock();
  readonly cameAt: EpochMs = this.clock.wall();
  storage: Storage = memoryStorage(this.clock);
  readonly failures: unknown[] = [];
  readonly lines: string[] = [];
  readonly seen: string[] = [];
  mailbox = this.make();

  make(more: Partial<MailboxOptions<string>> = {}): Mailbox<string> {
    return new Mailbox<string>({
      storage: this.storage,
      table: 'event',
      keyPrefix: 'event-',
      clock: this.clock,
      kind: 'events',
      revive: (value) => (value as { event: string }).event,
      cameAt: () => this.cameAt,
      onFailure: (error) => this.failures.push(error),
      log: (level, line) => this.lines.push(`${level}: ${line}`),
      ...more,
    });
  }

  readonly see = (event: string): void => void this.seen.push(event);

  /** As its owner does: kept, then delivered. */
  async came(...events: readonly string[]): Promise<void> {
    for (const event of events) {
      const key = this.mailbox.newKey();
      await this.storage.write([this.mailbox.keeping(key, { event })]);
      this.mailbox.deliver(key, event);
    }
    await settle();
  }

  async reopened(more: Partial<MailboxOptions<string>> = {}): Promise<Mailbox<string>> {
    await this.mailbox.close();
    this.mailbox = this.make(more);
    await this.mailbox.open();
    return this.mailbox;
  }
}
