// A slider for every parameter that the server has a range for, and the few settings that have none.
import { useId } from 'preact/hooks';
import type { Range } from '../api/presets.ts';
import { change, changes, isSeed, presets, seed, system, thinking, valueOf } from '../state/sampling.ts';
import { words } from '../words/words.ts';

// A value beyond the usual ones is at the slider's end; the field beside it shows and takes any that is allowed.
function Slider({ range }: { range: Range }) {
  const id = useId();
  const [name, hint] = words.value.parameterHints[range.name] ?? [range.name, ''];
  const value = valueOf(range.name);
  const isChanged = range.name in changes.value;
  const set = (text: string) => text !== '' && change(range, Number(text));
  return (
    <div class={`parameter ${isChanged ? 'changed' : ''}`} title={`${range.name}: ${hint}`}>
      <label for={id}>{name}</label>
      <input
        class="number" type="number" value={value} min={range.minimum} max={range.maximum} step="any" aria-label={name}
        onChange={(event) => { set(event.currentTarget.value); event.currentTarget.value = String(valueOf(range.name)); }}
      />
      <input
        id={id} type="range" value={value} min={range.usual_minimum} max={range.usual_maximum} step={range.step}
        aria-describedby={`${id}-hint`} onInput={(event) => set(event.currentTarget.value)}
      />
      <p class="hint" id={`${id}-hint`}>{hint}</p>
    </div>
  );
}

function SeedField() {
  const id = useId();
  const isBad = !isSeed(seed.value);
  return (
    <div class="parameter" title={words.value.seedHint}>
      <label for={id}>{words.value.seed}</label>
      <input
        id={id} class="number" inputMode="numeric" value={seed.value} aria-invalid={isBad} aria-describedby={`${id}-hint`}
        onInput={(event) => (seed.value = event.currentTarget.value.trim())}
      />
      <p class={`hint ${isBad ? 'shown' : ''}`} id={`${id}-hint`}>{isBad ? words.value.seedBad : words.value.seedHint}</p>
    </div>
  );
}

function ThinkSwitch() {
  const id = useId();
  return (
    <div class="parameter" title={words.value.thinkHint}>
      <label for={id}>{words.value.think}</label>
      <input
        id={id} class="switch" type="checkbox" role="switch" checked={thinking.value} aria-describedby={`${id}-hint`}
        onChange={(event) => (thinking.value = event.currentTarget.checked)}
      />
      <p class="hint" id={`${id}-hint`}>{words.value.thinkHint}</p>
    </div>
  );
}

function SystemField() {
  const id = useId();
  return (
    <div class="parameter" title={words.value.systemHint}>
      <label for={id}>{words.value.systemPrompt}</label>
      <textarea id={id} rows={3} value={system.value} aria-describedby={`${id}-hint`} onInput={(event) => (system.value = event.currentTarget.value)} />
      <p class="hint" id={`${id}-hint`}>{words.value.systemHint}</p>
    </div>
  );
}

export function Parameters() {
  const ranges = presets.value?.parameters ?? [];
  const isChanged = Object.keys(changes.value).length > 0;
  return (
    <section class="parameters" aria-label={words.value.parameters}>
      <div class="row section-head">
        <h2>{words.value.parameters}</h2>
        {isChanged && (
          <button type="button" class="link-button" onClick={() => (changes.value = {})}>{words.value.reset}</button>
        )}
      </div>
      {ranges.map((range) => <Slider key={range.name} range={range} />)}
      <SeedField />
      <ThinkSwitch />
      <SystemField />
    </section>
  );
}
