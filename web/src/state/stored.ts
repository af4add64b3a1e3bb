// A signal whose value outlives the page, in this browser only.
import { effect, signal, type Signal } from '@preact/signals';

export function stored<T>(name: string, initial: T, isValid: (value: unknown) => boolean): Signal<T> {
  const key = `youtu.${name}`;
  const value = signal(read(key, initial, isValid));
  effect(() => {
    try {
      localStorage.setItem(key, JSON.stringify(value.value));
    } catch {
      // A browser that stores nothing still shows the page.
    }
  });
  return value;
}

function read<T>(key: string, initial: T, isValid: (value: unknown) => boolean): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? 'null');
    return value !== null && isValid(value) ? (value as T) : initial;
  } catch {
    return initial;
  }
}
