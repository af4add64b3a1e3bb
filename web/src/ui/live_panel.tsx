// What the server does at this moment.
import { useEffect } from 'preact/hooks';
import { isLiveShown, maxSamples, metrics, samples } from '../state/live.ts';
import { words } from '../words/words.ts';
import { bytes, percent, rate } from './numbers.ts';
import { Sparkline } from './sparkline.tsx';

const value = (name: string) => metrics.value?.get(name) ?? 0;

const Figure = ({ name, children }: { name: string; children: string }) => (
  <div class="figure"><dt>{name}</dt><dd>{children}</dd></div>
);

const Bar = ({ share, label }: { share: number; label: string }) => (
  <meter class="bar" min={0} max={1} value={share} aria-label={label}>{percent(share)}</meter>
);

function Speeds() {
  const text = words.value;
  const now = samples.value.at(-1);
  return (
    <>
      <dl class="figures">
        <Figure name={text.generating}>{text.perSecond(rate(now?.tokensPerSecond ?? 0))}</Figure>
        <Figure name={text.reading}>{text.perSecond(rate(now?.promptTokensPerSecond ?? 0))}</Figure>
      </dl>
      <Sparkline values={samples.value.map((one) => one.tokensPerSecond)} capacity={maxSamples} label={text.speedHistory} />
    </>
  );
}

function Memory() {
  const text = words.value;
  const process = value('process_resident_memory_bytes');
  return (
    <dl class="figures">
      {process > 0 && <Figure name={text.process}>{bytes(process)}</Figure>}
      <Figure name={text.weights}>{bytes(value('youtu:weight_bytes'))}</Figure>
      <Figure name={text.cacheSize}>{bytes(value('youtu:cache_bytes'))}</Figure>
    </dl>
  );
}

export function LivePanel() {
  const text = words.value;
  useEffect(() => {
    isLiveShown.value = true;
    return () => { isLiveShown.value = false; };
  }, []);
  const inUse = value('vllm:kv_cache_usage_perc');
  const looked = value('vllm:prefix_cache_queries_total');
  const hits = looked ? value('vllm:prefix_cache_hits_total') / looked : 0;
  return (
    <section class="live" aria-label={text.live}>
      <h2>{text.live}</h2>
      <Speeds />
      <dl class="figures">
        <Figure name={text.running}>{String(value('vllm:num_requests_running'))}</Figure>
        <Figure name={text.waitingRequests}>{String(value('vllm:num_requests_waiting'))}</Figure>
      </dl>
      <dl class="figures">
        <Figure name={text.cache}>{percent(inUse)}</Figure>
        <Figure name={text.cacheHits}>{percent(hits)}</Figure>
      </dl>
      <Bar share={inUse} label={text.cache} />
      <h3>{text.memory}</h3>
      <Memory />
    </section>
  );
}
