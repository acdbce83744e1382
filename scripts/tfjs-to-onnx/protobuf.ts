// Just enough of the protobuf wire format to write an ONNX file: varints, 32-bit floats and length-delimited fields.

const text = new TextEncoder();

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** A varint field; `value` is a non-negative safe integer. */
export function integerField(field: number, value: number): Uint8Array {
  return concat([varint(field * 8), varint(value)]);
}

export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([varint(field * 8 + 5), bytes]);
}

export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return concat([varint(field * 8 + 2), varint(value.length), value]);
}

export function stringField(field: number, value: string): Uint8Array {
  return bytesField(field, text.encode(value));
}
