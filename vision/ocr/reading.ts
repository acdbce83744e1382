// What was read in a picture, as everybody sees it.

/** [x, y] in pixels of the picture, from its upper left corner. */
export type Point = readonly [x: number, y: number];

/** Corners of a line of text as one reads it: upper left, upper right, lower right, lower left. */
export type Quad = readonly [Point, Point, Point, Point];

/** A line of text, or a part of one that stands apart. */
export interface TextRegion {
  box: Quad;
  text: string;
  /** 0 to 1: how sure the recogniser is of its characters, on average. */
  confidence: number;
}

export interface TextReading {
  /** All regions in reading order: parts of a line joined by spaces, lines by line breaks. */
  text: string;
  /** In reading order. */
  regions: TextRegion[];
  /** Where there is writing that cannot be read: too blurred, too small, or in a script that the model does not know. */
  unreadable: { box: Quad; confidence: number }[];
  /** Pixels of the picture that the boxes refer to. */
  width: number;
  height: number;
  /** Seconds of finding and reading, without waiting. */
  seconds: number;
}
