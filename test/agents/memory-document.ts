/** A place for one document, kept as text as a store would, so that nobody shares an object with it. */
export function memoryDocument() {
  return {
    document: undefined as string | undefined,
    read(): unknown {
      return this.document === undefined ? undefined : JSON.parse(this.document);
    },
    async write(document: unknown): Promise<void> {
      this.document = JSON.stringify(document);
    },
  };
}
