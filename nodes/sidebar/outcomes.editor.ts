/** How the SMS ended since the connection was made, and how many of the accepted ones a phone has received. */
import type { GatewayStatus } from '../../lib/message.js';
import { element, write } from './elements.editor.js';
import { deliveryPercent } from './figures.editor.js';
import { say } from './say.editor.js';

const OUTCOMES = [
  'accepted',
  'delivered',
  'rejected',
  'expired',
  'uncertain',
  'cancelled',
  'incoming',
] as const;

export class Outcomes {
  readonly element: HTMLElement;
  readonly #ratio = element('b', 'ratio');
  readonly #figures = OUTCOMES.map((name) => ({ name, figure: element('b', 'figure') }));

  constructor() {
    const cells = this.#figures.map(({ name, figure }) => {
      const cell = element('span', `outcome ${name}`, figure, element('span', '', say(`outcome.${name}`)));
      cell.title = say(`outcome.${name}`);
      return cell;
    });
    const ratio = element(
      'span',
      'outcome ratio-cell',
      this.#ratio,
      element('span', '', say('outcome.ratio')),
    );
    this.element = element('div', 'outcomes', ratio, ...cells);
  }

  update(counters: GatewayStatus['counters']): void {
    const percent = deliveryPercent(counters);
    write(this.#ratio, percent === undefined ? '–' : say('outcome.percent', { percent }));
    for (const { name, figure } of this.#figures) {
      write(figure, String(counters[name]));
      figure.parentElement?.classList.toggle('inmobile-sidebar-zero', counters[name] === 0);
    }
  }
}
