/** The links of a connection: host, state since when, and how much of the window is in use. */
import type { EpochMs } from '../../lib/clock.js';
import type { LinkStatus } from '../../lib/message.js';
import { arrange, element, write } from './elements.editor.js';
import { duration, say } from './say.editor.js';

export class Links {
  readonly element = element('div', 'links');
  readonly #rows = new Map<string, LinkRow>();

  update(links: readonly LinkStatus[], now: EpochMs): void {
    const rows = new Map(links.map((link) => [`${link.host} ${link.bind}`, link]));
    for (const key of this.#rows.keys()) if (!rows.has(key)) this.#rows.delete(key);
    for (const [key, link] of rows) {
      const row = this.#rows.get(key) ?? new LinkRow(link);
      this.#rows.set(key, row);
      row.update(link, now);
    }
    arrange(
      this.element,
      [...this.#rows.values()].map((row) => row.element),
    );
  }
}

class LinkRow {
  readonly element: HTMLElement;
  readonly #state = element('span', 'link-state');
  readonly #use = element('span', 'link-use');
  readonly #bar = element('i', 'bar');
  readonly #error = element('div', 'link-error');

  constructor({ name, host, bind }: LinkStatus) {
    const title = element('span', 'link-name', name);
    title.title = `${host}, ${bind}`;
    const meter = element('span', 'meter', this.#bar);
    this.element = element('div', 'link', title, this.#state, meter, this.#use, this.#error);
    this.element.dataset.host = name;
  }

  update({ state, since, retryAt, underWay, window, error }: LinkStatus, now: EpochMs): void {
    const isBound = state === 'bound' || state === 'draining';
    const ms = retryAt === undefined ? now - since : retryAt - now;
    const key = state === 'waiting' && retryAt !== undefined ? 'link.retryIn' : `link.${state}`;
    write(this.#state, say(key, { duration: duration(ms) }));
    write(this.#use, isBound ? say('link.use', { underWay, window }) : '');
    this.#bar.style.width = isBound ? `${Math.min(100, (100 * underWay) / window)}%` : '0';
    this.element.dataset.state = state;
    write(this.#error, isBound || error === undefined ? '' : error.message);
  }
}
