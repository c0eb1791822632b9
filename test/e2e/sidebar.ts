/** The sidebar: it tells of a connection as things happen, and plays with the simulator. */
import assert from 'node:assert/strict';
import { says, type Editor } from './editor.js';
import { connection, inject, send, shown, TAB, type FlowNode } from './flows.js';
import type { Stage } from './stage.js';

/** Nothing listens there, so that what is sent waits. */
const NOWHERE = {
  gateway: 'custom',
  hosts: '127.0.0.1:9',
  credentials: { systemId: 'demo', password: 'demo' },
};

export function theSidebar(stage: () => Stage): void {
  describe('the sidebar', () => {
    let editor: Editor;
    const part = (name: string) => editor.page.locator(`.inmobile-sidebar-${name}`);

    async function start(connectionNode: FlowNode): Promise<void> {
      await stage().deploy([TAB, connectionNode, inject('4512345678'), send(), shown('payload.outcome')]);
      editor = await stage().open();
      await editor.invoke('inmobile-sidebar:show');
    }

    describe('of a simulated gateway', () => {
      before(() => stage().prepare(() => start(connection())));

      it('says that it is connected, and to what', async () => {
        await says(part('status'), 'simulated: connected dk1');
      });

      it('moves its plot when an SMS is sent', async () => {
        const flat = (await part('line.inmobile-sidebar-submitted').getAttribute('d')) ?? '';
        await editor.pressButton('inject');
        const moved = part(`line.inmobile-sidebar-submitted:not([d="${flat}"])`);
        await moved.waitFor({ state: 'attached' });
      });

      it('counts the SMS that is accepted', async () => {
        await says(part('outcome'), /1\s*accepted/);
      });

      it('sends an SMS to us', async () => {
        await part('simulator summary').click();
        await part('incoming-text').fill('Stop pump 3');
        await part('send-incoming').click();
        await says(part('outcome'), /1\s*incoming/);
      });

      it('throttles, which others who look see too', async () => {
        await part('throttle').check();
        editor = await stage().open();
        await editor.invoke('inmobile-sidebar:show');
        await part('throttle:checked').waitFor({ state: 'attached' });
      });

      it('restarts a host, and shows that the connection goes over the other', async () => {
        await part('simulator summary').click();
        await editor.page.getByRole('button', { name: 'Restart dk1' }).click();
        await says(part('status'), 'dk2');
      });

      it('has room in the narrowest sidebar that the editor has', async () => {
        const content = editor.page.locator('#inmobile-sidebar');
        await editor.page.locator('#red-ui-sidebar').evaluate((sidebar) => {
          sidebar.style.width = '180px';
        });
        const lost = await content.evaluate((shown) => shown.scrollWidth - shown.clientWidth);
        assert.equal(lost, 0);
      });

      it('gives what happened before midnight a date after it', async () => {
        const time = part('event time').last();
        assert.match(await time.innerText(), /^\d+:\d+:\d+/);
        await editor.page.route('**/inmobile-smpp/sidebar', async (route) => {
          const answer = await route.fetch();
          const overview = (await answer.json()) as { readonly now: number };
          await route.fulfill({ response: answer, json: { ...overview, now: overview.now + 86_400_000 } });
        });
        await says(time, /^\d+\/\d+\/\d+, /);
        await editor.page.unrouteAll({ behavior: 'wait' });
      });

      it('silences a host', async () => {
        await part('blackhole').last().click();
        await says(part('host-state'), 'silent');
      });
    });

    describe('of a gateway that was simulated', () => {
      it('has nothing to play with once a deploy has made it a real one', async () => {
        await start(connection());
        await part('simulator').waitFor();
        await stage().deploy([TAB, connection(NOWHERE), send()]);
        await part('simulator').waitFor({ state: 'detached' });
        await says(part('name'), 'inMobile');
      });
    });

    describe('of a queue', () => {
      before(() =>
        stage().prepare(async () => {
          await start(connection(NOWHERE));
          await part('queue summary').click();
          await editor.pressButton('inject');
        }),
      );

      it('lists what waits, with masked numbers', async () => {
        const number = part('number');
        await number.waitFor();
        assert.match(await number.innerText(), /^45\D+78$/);
      });

      it('says that it cannot be asked for, and no longer than that', async () => {
        await editor.page.route('**/sidebar/queue*', (route) => route.abort());
        await says(part('queue').locator('.inmobile-sidebar-notice'), 'Node-RED does not answer.');
        await editor.page.unroute('**/sidebar/queue*');
        await part('queue').locator('.inmobile-sidebar-notice:empty').waitFor({ state: 'attached' });
      });

      it('takes an SMS out, once one is sure', async () => {
        await part('cancel').click();
        await says(part('cancel'), 'Sure?');
        await editor.page.getByRole('button', { name: 'Sure?' }).click();
        await part('entry').waitFor({ state: 'detached' });
        await says(part('outcome'), /1\s*cancelled/);
      });
    });
  });
}
