// Asks for a token when the node wants one; the answer is a cookie that scripts cannot read.

import { useState } from 'preact/hooks';
import { logIn } from './live/access.ts';
import { ApiError } from './live/api.ts';
import { start } from './live/live.ts';
import { Copyable } from './parts/copyable.tsx';

export function LogIn() {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string>();
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await logIn(token.trim());
      void start();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  };
  return (
    <form class="log-in" onSubmit={(event) => void submit(event)}>
      <h1>Log in</h1>
      <p>This node shows itself to those who hold a token. On the board, make one for this page:</p>
      <Copyable text="parlmesh token create page --scopes read,act" label="Command that makes a token" />
      <label>
        Token
        <input
          type="password"
          autocomplete="current-password"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
          aria-describedby="log-in-problem"
        />
      </label>
      <p id="log-in-problem" class="notice-line" role="alert">
        {problem}
      </p>
      <button type="submit" class="primary">
        Log in
      </button>
    </form>
  );
}
