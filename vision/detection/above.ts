// Finds the few high values among very many low ones: a model's scores are half a million numbers or more a picture.

/** Where a value is at least `least`, or no number at all; in order. Eight are looked at in one step. */
export function placesAbove(values: Float32Array, least: number): number[] {
  const places: number[] = [];
  const whole = values.length - (values.length % 8);
  for (let at = 0; at < whole; at += 8) {
    // Written out: as a loop it takes four times as long.
    if (
      values[at]! < least &&
      values[at + 1]! < least &&
      values[at + 2]! < least &&
      values[at + 3]! < least &&
      values[at + 4]! < least &&
      values[at + 5]! < least &&
      values[at + 6]! < least &&
      values[at + 7]! < least
    ) {
      continue;
    }
    for (let one = at; one < at + 8; one++) if (!(values[one]! < least)) places.push(one);
  }
  for (let one = whole; one < values.length; one++) if (!(values[one]! < least)) places.push(one);
  return places;
}
