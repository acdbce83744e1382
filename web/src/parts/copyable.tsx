// Text to take along: a command, a token, a piece of configuration, with a button that copies it.

import { useRef, useState } from 'preact/hooks';

export function Copyable({ text, label }: { text: string; label: string }) {
  const [said, say] = useState('Copy');
  const field = useRef<HTMLTextAreaElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say('Copied');
    } catch {
      // Browsers give the clipboard to secure origins only; over plain HTTP the text is selected for the reader.
      field.current?.select();
      say('Press Ctrl+C');
    }
    setTimeout(() => say('Copy'), 3_000);
  };
  return (
    <div class="copyable">
      <textarea
        ref={field}
        readOnly
        rows={text.split('\n').length}
        spellcheck={false}
        aria-label={label}
        value={text}
      />
      <button type="button" class="quiet" onClick={() => void copy()} aria-label={`${said}: ${label}`}>
        {said}
      </button>
    </div>
  );
}
