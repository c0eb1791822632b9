/**
 * The sidebar in the editor: a tab with every connection of the runtime.
 */
import { say } from './say.editor.js';
import { Sidebar } from './sidebar.editor.js';

/** Of the plugin, as the runtime registers it, and of its tab. */
const ID = 'inmobile-sidebar';

let sidebar: Sidebar | undefined;

RED.plugins.registerPlugin(ID, {
  onadd() {
    sidebar = new Sidebar();
    RED.sidebar.addTab({
      id: ID,
      label: say('tab'),
      name: say('name'),
      iconClass: 'fa fa-commenting-o',
      content: sidebar.element,
      enableOnEdit: true,
      action: `${ID}:show`,
    });
    RED.actions.add(`${ID}:show`, () => RED.sidebar.show(ID));
    sidebar.open();
  },
  onremove() {
    sidebar?.close();
    RED.actions.remove(`${ID}:show`);
    RED.sidebar.removeTab(ID);
  },
});
