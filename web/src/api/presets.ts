// GET /presets: the presets, and the range of every parameter that has a slider.
import { getJson } from './http.ts';

export interface Range {
  name: string;
  type: 'number' | 'integer';
  minimum: number;
  maximum: number;
  exclusive_minimum: boolean;
  usual_minimum: number;
  usual_maximum: number;
  step: number;
}

export interface Preset {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

export interface Presets {
  default: string;
  presets: Preset[];
  parameters: Range[];
}

export const readPresets = () => getJson<Presets>('/presets');
