// The preset beside the conversation, and what of it was changed.
import { computed, signal } from '@preact/signals';
import { readPresets, type Presets, type Range } from '../api/presets.ts';
import { stored } from './stored.ts';

const isObject = (value: unknown) => typeof value === 'object' && !Array.isArray(value);
const isText = (value: unknown) => typeof value === 'string';

export const presets = signal<Presets | null>(null);

// Empty: the server's default.
const chosenPreset = stored<string>('preset', '', isText);
export const changes = stored<Record<string, number>>('changes', {}, isObject);
export const seed = stored<string>('seed', '', isText);
export const system = stored<string>('system', '', isText);
export const thinking = stored<boolean>('thinking', false, (value) => typeof value === 'boolean');

export const preset = computed(() => {
  const known = presets.value?.presets ?? [];
  return known.some(({ name }) => name === chosenPreset.value) ? chosenPreset.value : (presets.value?.default ?? '');
});

// The guide's three stand first; the others are the model's published advice.
export const presetNames = computed(() => presets.value?.presets.map(({ name }) => name) ?? []);

export async function loadPresets(): Promise<void> {
  presets.value = await readPresets();
}

export function choosePreset(name: string): void {
  chosenPreset.value = name;
  changes.value = {};
  thinking.value = name === 'recommended_thinking';
}

export function valueOfPreset(presetName: string, parameter: string): number {
  const found = presets.value?.presets.find(({ name }) => name === presetName);
  return Number(found?.parameters[parameter] ?? 0);
}

export const valueOf = (parameter: string) => changes.value[parameter] ?? valueOfPreset(preset.value, parameter);

export function isAllowed(range: Range, value: number): boolean {
  if (!Number.isFinite(value) || (range.type === 'integer' && !Number.isInteger(value))) return false;
  return (range.exclusive_minimum ? value > range.minimum : value >= range.minimum) && value <= range.maximum;
}

export function change(range: Range, value: number): void {
  if (!isAllowed(range, value)) return;
  const { [range.name]: _, ...others } = changes.value;
  const isPresets = value === valueOfPreset(preset.value, range.name);
  changes.value = isPresets ? others : { ...others, [range.name]: value };
}

// JavaScript's numbers lose digits of large seeds: what is longer than they can hold stays out.
export const isSeed = (text: string) => text === '' || (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)));

// The fields of a request that say how to sample. Until the presets are known, the server takes its own default.
export function samplingFields(): { preset?: string; [field: string]: unknown } {
  return {
    ...(preset.value ? { preset: preset.value } : {}),
    ...changes.value,
    ...(seed.value && isSeed(seed.value) ? { seed: Number(seed.value) } : {}),
    ...(thinking.value ? { enable_thinking: true } : {}),
  };
}
