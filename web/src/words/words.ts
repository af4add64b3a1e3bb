// The words of the chosen language.
import { computed } from '@preact/signals';
import { language } from '../state/settings.ts';
import { en, type Words } from './en.ts';
import { zh } from './zh.ts';

export const words = computed<Words>(() => (language.value === 'zh' ? zh : en));
