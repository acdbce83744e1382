// Reads server-sent events (the WHATWG format) from a stream of text.

export interface ServerSentEvent {
  event: string;
  data: string;
  id?: string;
}

/** Longer than any event we send; a stream without line ends must not fill the memory. */
const MOST_CHARACTERS = 4_000_000;

/** Yields events as they become complete; ends with the stream. Comments, which keep it alive, are skipped. */
export async function* serverSentEvents(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data: string[] = [];
  let id: string | undefined;
  for await (const chunk of chunks) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (rest.length > MOST_CHARACTERS) throw new Error('an event of the stream is too long');
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) {
          yield { event: event || 'message', data: data.join('\n'), ...(id !== undefined && { id }) };
        }
        event = '';
        data = [];
        continue;
      }
      const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'event') event = value ?? '';
      else if (field === 'data') data.push(value ?? '');
      else if (field === 'id') id = value;
    }
  }
}
