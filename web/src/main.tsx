// Entry of the status page.

import { render } from 'preact';
import { App } from './app.tsx';
import { start } from './live/live.ts';
import { followAddress } from './router.ts';
import { followTheme } from './theme.ts';

followTheme();
followAddress();
render(<App />, document.getElementById('page')!);
void start();
