/** The live plot: what was submitted, accepted and received a receipt in each second. */
import { element, svg, write } from './elements.editor.js';
import { linePath, rateText, scaleTop } from './figures.editor.js';
import { RATE_NAMES, type RateName, type Rates } from './overview.js';
import { say } from './say.editor.js';

/** In units of the drawing, which is stretched to the sidebar's width. */
const WIDTH = 240;
const HEIGHT = 60;

export class Plot {
  readonly element: HTMLElement;
  readonly #drawing: SVGElement;
  readonly #area = svg('path', 'area');
  readonly #lines = byName((name) => svg('path', `line ${name}`));
  readonly #figures = byName((name) => element('b', `rate ${name}`));
  readonly #top = element('span', 'top');

  constructor() {
    this.#drawing = svg('svg', 'drawing', {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      role: 'img',
    });
    for (const y of [0, HEIGHT / 2, HEIGHT])
      this.#drawing.append(svg('line', 'grid', { x1: 0, x2: WIDTH, y1: y, y2: y }));
    this.#drawing.append(this.#area, ...RATE_NAMES.map((name) => this.#lines[name]));
    const legend = RATE_NAMES.map((name) =>
      element('span', 'key', element('i', `mark ${name}`), say(`rate.${name}`), ' ', this.#figures[name]),
    );
    const canvas = element('div', 'canvas', this.#top, this.#drawing);
    this.element = element('div', 'plot', canvas, element('div', 'legend', ...legend));
  }

  update(rates: Rates): void {
    const top = scaleTop(Math.max(...RATE_NAMES.flatMap((name) => rates[name])));
    const frame = { width: WIDTH, height: HEIGHT, top };
    for (const name of RATE_NAMES) {
      this.#lines[name].setAttribute('d', linePath(rates[name], frame));
      write(this.#figures[name], rateText(rates[name].at(-1) ?? 0));
    }
    this.#area.setAttribute('d', `${linePath(rates.submitted, frame)}V${HEIGHT}H0Z`);
    write(this.#top, say('rate.perSecond', { rate: top }));
    const seconds = rates.submitted.length;
    this.#drawing.setAttribute('aria-label', say('rate.plot', { seconds, rate: top }));
  }
}

function byName<T>(make: (name: RateName) => T): Readonly<Record<RateName, T>> {
  return { submitted: make('submitted'), accepted: make('accepted'), receipts: make('receipts') };
}
