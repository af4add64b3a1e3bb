// Prometheus' text format, as far as the page reads it.

export type Metrics = Map<string, number>;

// Samples of the same name but other labels are added up; buckets of histograms are left out.
export function parseMetrics(text: string): Metrics {
  const metrics: Metrics = new Map();
  for (const line of text.split('\n')) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})? (\S+)/.exec(line);
    if (!found || found[1]!.endsWith('_bucket')) continue;
    const value = Number(found[2]);
    if (Number.isFinite(value)) metrics.set(found[1]!, (metrics.get(found[1]!) ?? 0) + value);
  }
  return metrics;
}
