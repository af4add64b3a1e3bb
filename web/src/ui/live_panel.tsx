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

function Speeds() {
  const text = words.value;
  const now = samples.value.at(-1);
  return (
    <>
      <Figure name={text.generating}>{text.perSecond(rate(now?.tokensPerSecond ?? 0))}</Figure>
      <Figure name={text.running}>{String(value('vllm:num_requests_running'))}</Figure>
      <Figure name={text.cache}>{percent(value('vllm:kv_cache_usage_perc'))}</Figure>
      <Figure name={text.reading}>{text.perSecond(rate(now?.promptTokensPerSecond ?? 0))}</Figure>
      <Figure name={text.waitingRequests}>{String(value('vllm:num_requests_waiting'))}</Figure>
    </>
  );
}

function CacheHits() {
  const looked = value('vllm:prefix_cache_queries_total');
  const share = looked ? value('vllm:prefix_cache_hits_total') / looked : 0;
  return <Figure name={words.value.cacheHits}>{percent(share)}</Figure>;
}

function Memory() {
  const text = words.value;
  return (
    <>
      <Figure name={text.process}>{bytes(value('process_resident_memory_bytes'))}</Figure>
      <Figure name={text.weights}>{bytes(value('youtu:weight_bytes'))}</Figure>
      <Figure name={text.cacheSize}>{bytes(value('youtu:cache_bytes'))}</Figure>
    </>
  );
}

export function LivePanel() {
  const text = words.value;
  useEffect(() => {
    isLiveShown.value = true;
    return () => { isLiveShown.value = false; };
  }, []);
  const speeds = samples.value.map((one) => one.tokensPerSecond);
  return (
    <section class="live" aria-label={text.live}>
      <h2>{text.live}</h2>
      <Sparkline values={speeds} capacity={maxSamples} label={text.speedHistory} />
      <dl class="figures three">
        <Speeds />
        <CacheHits />
        <Memory />
      </dl>
    </section>
  );
}
