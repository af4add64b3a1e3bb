// Where the page begins.
import { render } from 'preact';
import { App } from './app.tsx';
import { startKeyboard } from './keyboard.ts';
import { startWatching } from './state/live.ts';
import { focusQuestion, startRouting } from './state/view.ts';

startRouting();
startWatching();
startKeyboard();
render(<App />, document.getElementById('page')!);
// A phone's keyboard would hide half the page.
if (!matchMedia('(pointer: coarse)').matches) focusQuestion();
