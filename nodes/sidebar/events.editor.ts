/** What has happened to a connection, the newest first. */
import type { EpochMs } from '../../lib/clock.js';
import { arrange, element, write } from './elements.editor.js';
import type { ConnectionEvent } from './overview.js';
import { say, timeOf } from './say.editor.js';

export class Events {
  readonly element: HTMLElement;
  readonly #list = element('ol', 'event-list');
  readonly #rows = new Map<string, EventRow>();

  constructor() {
    this.element = element('div', 'events', element('h4', '', say('event.title')), this.#list);
  }

  update(events: readonly ConnectionEvent[], now: EpochMs): void {
    const known = new Map(this.#rows);
    this.#rows.clear();
    for (const event of [...events].reverse()) {
      const key = `${event.at} ${event.kind} ${event.host ?? ''}`;
      const row = known.get(key) ?? new EventRow(event);
      row.update(now);
      this.#rows.set(key, row);
    }
    arrange(
      this.#list,
      [...this.#rows.values()].map((row) => row.element),
    );
  }
}

class EventRow {
  readonly element: HTMLElement;
  readonly #at: EpochMs;
  readonly #time = element('time', '');

  constructor({ at, kind, host = '', reason }: ConnectionEvent) {
    this.#at = at;
    this.#time.dateTime = new Date(at).toISOString();
    const words = element('span', '', say(`event.${kind}`, { host }).trim());
    this.element = element('li', `event ${kind}`, this.#time, words);
    if (reason !== undefined) this.element.append(element('span', 'reason', reason));
  }

  /** What was today is yesterday after midnight, and then has a date. */
  update(now: EpochMs): void {
    write(this.#time, timeOf(this.#at, now));
  }
}
