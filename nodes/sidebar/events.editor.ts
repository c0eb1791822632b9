/** What has happened to a connection, the newest first. */
import type { EpochMs } from '../../lib/clock.js';
import { arrange, element } from './elements.editor.js';
import type { ConnectionEvent } from './overview.js';
import { say, timeOf } from './say.editor.js';

export class Events {
  readonly element: HTMLElement;
  readonly #list = element('ol', 'event-list');
  readonly #rows = new Map<string, HTMLElement>();

  constructor() {
    this.element = element('div', 'events', element('h4', '', say('event.title')), this.#list);
  }

  update(events: readonly ConnectionEvent[], now: EpochMs): void {
    const known = new Map(this.#rows);
    this.#rows.clear();
    for (const event of [...events].reverse()) {
      const key = `${event.at} ${event.kind} ${event.host ?? ''}`;
      this.#rows.set(key, known.get(key) ?? rowOf(event, now));
    }
    arrange(this.#list, [...this.#rows.values()]);
  }
}

function rowOf(event: ConnectionEvent, now: EpochMs): HTMLElement {
  const time = element('time', '', timeOf(event.at, now));
  time.dateTime = new Date(event.at).toISOString();
  const words = element('span', '', say(`event.${event.kind}`, { host: event.host ?? '' }).trim());
  const row = element('li', `event ${event.kind}`, time, words);
  if (event.reason !== undefined) row.append(element('span', 'reason', event.reason));
  return row;
}
