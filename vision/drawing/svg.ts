// Small pieces of SVG as text. Names come from other nodes: what is put in here is escaped, and cannot end an attribute.

type Value = string | number | undefined;

/** Text made harmless for XML: no markup, and none of the control characters that XML forbids. */
export function escapeXml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '')
      .replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
  );
}

/** `<name a="1">…</name>`; attributes that are undefined are left out, numbers have two digits. */
export function element(name: string, attributes: Readonly<Record<string, Value>>, ...content: string[]): string {
  const given = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${escapeXml(typeof value === 'number' ? digits(value) : value)}"`],
  );
  const open = `<${name}${given.join('')}`;
  return content.length === 0 ? `${open}/>` : `${open}>${content.join('')}</${name}>`;
}

/** A text element; its content is escaped. */
export function textAt(text: string, attributes: Readonly<Record<string, Value>>): string {
  return element('text', attributes, escapeXml(text));
}

export function digits(value: number): string {
  return String(Math.round(value * 100) / 100);
}
