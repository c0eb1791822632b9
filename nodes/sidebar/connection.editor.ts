/** One connection in the sidebar. */
import { say as sayOf } from '../shared/catalogue.editor.js';
import { nodeStatus } from '../shared/status.js';
import type { EpochMs } from '../../lib/clock.js';
import { element, write } from './elements.editor.js';
import { Events } from './events.editor.js';
import { Links } from './links.editor.js';
import { Outcomes } from './outcomes.editor.js';
import type { ConnectionView } from './overview.js';
import { Plot } from './plot.editor.js';
import { QueueSection } from './queue.editor.js';
import { SimulatorSection } from './simulator.editor.js';

export interface ConnectionOptions {
  readonly id: string;
  /** The user may change nodes. */
  readonly mayChange: boolean;
  /** Something was done: look again. */
  readonly changed: () => void;
}

export class ConnectionCard {
  readonly element: HTMLElement;
  readonly #options: ConnectionOptions;
  readonly #dot = element('span', 'dot');
  readonly #name = element('span', 'name');
  readonly #status = element('span', 'status');
  readonly #links = new Links();
  readonly #plot = new Plot();
  readonly #outcomes = new Outcomes();
  readonly #events = new Events();
  readonly #queue: QueueSection;
  #simulator: SimulatorSection | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#queue = new QueueSection({ connection: options.id, mayChange: options.mayChange });
    this.element = element(
      'section',
      'connection',
      element('header', '', this.#dot, this.#name, this.#status),
      this.#links.element,
      this.#plot.element,
      this.#outcomes.element,
      this.#queue.element,
      this.#events.element,
    );
    this.element.dataset.connection = options.id;
  }

  update({ name, status, rates, events, simulator }: ConnectionView, now: EpochMs): void {
    const isSimulated = simulator !== undefined;
    const translate = (key: string, blanks = {}): string => sayOf('inmobile-connection', key, blanks);
    // How long SMS have waited is not known here; the queue says how many do.
    const shown = nodeStatus(status, { now, isSimulated, waitingForMs: 0, translate });
    write(this.#name, name === '' ? labelOf(this.#options.id) : name);
    write(this.#status, shown.text ?? '');
    this.#dot.dataset.fill = shown.fill ?? '';
    this.#dot.dataset.shape = shown.shape ?? '';
    this.#links.update(status.links, now);
    this.#plot.update(rates);
    this.#outcomes.update(status.counters);
    this.#queue.update(status);
    this.#events.update(events, now);
    if (simulator !== undefined && this.#options.mayChange) this.#simulatorSection().update(simulator);
  }

  #simulatorSection(): SimulatorSection {
    if (this.#simulator !== undefined) return this.#simulator;
    const made = new SimulatorSection(this.#options.id, this.#options.changed);
    this.#simulator = made;
    this.element.append(made.element);
    return made;
  }
}

/** What the editor calls a connection without a name. */
export function labelOf(id: string): string {
  const node = RED.nodes.node(id);
  return node === null ? id : RED.utils.getNodeLabel(node as never, id);
}
