/** The content of the sidebar's tab: every connection that runs, and those of the editor that do not. */
import { askOverview } from './ask.editor.js';
import { ConnectionCard, labelOf } from './connection.editor.js';
import { arrange, element, write } from './elements.editor.js';
import { Look } from './look.editor.js';
import type { Overview } from './overview.js';
import { say } from './say.editor.js';

export class Sidebar {
  readonly element: HTMLElement;
  readonly #notice = element('div', 'notice');
  readonly #list = element('div', 'connections');
  readonly #cards = new Map<string, ConnectionCard>();
  #look: Look | undefined;

  constructor() {
    this.element = element('div', 'content', this.#notice, this.#list);
    this.element.id = 'inmobile-sidebar';
  }

  /** Begins to look, whenever somebody does. */
  open(): void {
    this.#look = new Look(this.element, () => this.#ask());
  }

  close(): void {
    this.#look?.close();
  }

  async #ask(): Promise<boolean> {
    const answer = await askOverview();
    const isAnswer = typeof answer !== 'string';
    this.element.classList.toggle('inmobile-sidebar-stale', !isAnswer);
    if (isAnswer) this.#show(answer);
    else write(this.#notice, say(`problem.${answer}`));
    return isAnswer;
  }

  #show({ now, connections }: Overview): void {
    const known = new Map(this.#cards);
    this.#cards.clear();
    for (const view of connections) {
      const card = known.get(view.id) ?? this.#cardOf(view.id);
      card.update(view, now);
      this.#cards.set(view.id, card);
    }
    const absent = this.#absent();
    arrange(this.#list, [...[...this.#cards.values()].map((card) => card.element), ...absent]);
    write(this.#notice, this.#cards.size + absent.length === 0 ? say('none') : '');
  }

  #cardOf(id: string): ConnectionCard {
    const mayChange = RED.user.hasPermission('inmobile-connection.write');
    return new ConnectionCard({ id, mayChange, changed: () => this.#look?.now() });
  }

  /** Connections of the editor that the runtime does not run: not deployed, disabled, or with wrong settings. */
  #absent(): HTMLElement[] {
    const lines: HTMLElement[] = [];
    RED.nodes.eachConfig(({ id, type }) => {
      if (type === 'inmobile-connection' && !this.#cards.has(id))
        lines.push(element('p', 'absent', element('b', '', labelOf(id)), ' ', say('absent')));
      return true;
    });
    return lines;
  }
}
