// The presets, each with what it is for.
import { choosePreset, preset, presets } from '../state/sampling.ts';
import { words } from '../words/words.ts';

// A preset that the page has no words for is called what the server calls it.
export const nameOfPreset = (name: string) => words.value.presets[name]?.[0] ?? name;

function describe(name: string): string {
  const serverSays = presets.value?.presets.find((one) => one.name === name)?.description ?? '';
  return words.value.presets[name]?.[1] ?? serverSays;
}

export function PresetPicker() {
  return (
    <fieldset class="presets">
      <legend>{words.value.preset}</legend>
      {presets.value?.presets.map(({ name }) => (
        <label class="preset" key={name}>
          <input type="radio" name="preset" value={name} checked={preset.value === name} onChange={() => choosePreset(name)} />
          <span>
            <span class="preset-name">{nameOfPreset(name)}</span>
            <span class="preset-use">{describe(name)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
