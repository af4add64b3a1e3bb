// GET /metrics.
import { request } from './http.ts';
import { parseMetrics, type Metrics } from './metrics_text.ts';

export type { Metrics };

export async function readMetrics(): Promise<Metrics> {
  return parseMetrics(await (await request('/metrics')).text());
}
