/**
 * The sidebar as Node-RED's runtime knows it: only that it is there, so that the editor takes it down when the
 * package is removed. What it shows comes by the connection node's admin routes.
 */
import type { NodeAPI } from 'node-red';

export default function registerSidebar(RED: NodeAPI): void {
  RED.plugins.registerPlugin('inmobile-sidebar', { type: 'inmobile-sidebar' });
}
