import type { Effort } from './effort.js';
import type { Report } from './report.js';
export function flow(_effort: Effort): Promise<Report> {
  return Promise.reject(new Error('to be written'));
}
