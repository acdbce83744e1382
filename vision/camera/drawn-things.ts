// Things drawn as SVG so that detectors trained on photographs recognise them. Each stands at the origin and says
// how large it is; scenes place them.

/** Places a drawing, its origin at (x, y). */
export function at(x: number, y: number, scale: number, drawing: string): string {
  return `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale})">${drawing}</g>`;
}

/** 140 wide; the plate's centre is the origin, the pole reaches 230 down. */
export function stopSign(): string {
  return `<rect x="-5" y="40" width="10" height="190" fill="#777a7d"/>
    <polygon points="-29,-70 29,-70 70,-29 70,29 29,70 -29,70 -70,29 -70,-29" fill="#fff"/>
    <polygon points="-27,-65 27,-65 65,-27 65,27 27,65 -27,65 -65,27 -65,-27" fill="#b8121b"/>
    <text y="17" font-family="DejaVu Sans Condensed, sans-serif" font-weight="bold" font-size="46" text-anchor="middle" fill="#fff">STOP</text>`;
}

/** 52 wide, from -60 to 90; the pole reaches 270 down. */
export function trafficLight(lit: 'red' | 'amber' | 'green'): string {
  const lamp = (y: number, on: boolean, bright: string, dark: string): string =>
    `<circle cy="${y}" r="18" fill="${on ? bright : dark}"/>`;
  return `<rect x="-5" y="90" width="10" height="180" fill="#555"/>
    <rect x="-26" y="-60" width="52" height="150" rx="8" fill="#1c1c1c"/>
    ${lamp(-35, lit === 'red', '#ff2a1f', '#4a1512')}
    ${lamp(14, lit === 'amber', '#ffb52e', '#4a3a10')}
    ${lamp(62, lit === 'green', '#3df07a', '#123d1c')}`;
}

/** A round clock of radius 44 around the origin. */
export function clockFace(hours: number, minutes: number): string {
  const hand = (turn: number, length: number, width: number): string =>
    `<line y2="${-length}" stroke="#111" stroke-width="${width}" transform="rotate(${turn * 360})"/>`;
  const marks = [0, 90, 180, 270].map(
    (angle) => `<line y1="-37" y2="-29" stroke="#222" stroke-width="4" transform="rotate(${angle})"/>`,
  );
  return `<circle r="44" fill="#222"/><circle r="39" fill="#fbfaf4"/>${marks.join('')}
    ${hand(((hours % 12) + minutes / 60) / 12, 20, 5)}${hand(minutes / 60, 30, 3)}`;
}

/** 300 long, from the left bumper; the wheels stand at 122. Drives to the right. */
export function car(colour: string): string {
  const wheel = (x: number): string =>
    `<g transform="translate(${x} 96)"><circle r="26" fill="#141414"/><circle r="15" fill="#b9bcc0"/><circle r="5" fill="#555"/></g>`;
  return `<ellipse cx="150" cy="112" rx="165" ry="10" fill="#222" opacity=".5"/>
    <path d="M4,98 L2,72 Q4,58 30,54 L78,48 Q108,12 140,10 L196,10 Q230,12 256,50 L286,60 Q300,64 300,80 L299,98 Z" fill="${colour}"/>
    <path d="M92,50 Q114,22 140,20 L160,20 L160,50 Z M168,20 L194,20 Q218,22 238,50 L168,50 Z" fill="#25313d"/>
    <rect x="4" y="84" width="296" height="10" fill="#000" opacity=".3"/>
    <rect x="284" y="66" width="14" height="10" fill="#ffe9a8"/><rect x="3" y="64" width="10" height="12" fill="#f04438"/>
    <rect x="150" y="58" width="18" height="4" fill="#000" opacity=".4"/>
    <path d="M164,20 L164,92" stroke="#000" stroke-opacity=".4" stroke-width="2"/>${wheel(68)}${wheel(236)}`;
}

/** 60 wide, 182 tall from the hair to the soles. `stride` runs from -1 to 1 and back as the person walks. */
export function person(coat: string, stride: number): string {
  const limb = (x: number, y: number, length: number, width: number, colour: string, turn: number): string =>
    `<g transform="translate(${x} ${y}) rotate(${(turn * 22).toFixed(1)})"><rect x="${-width / 2}" y="-4" width="${width}" height="${length}" rx="${width / 2}" fill="${colour}"/></g>`;
  return `<ellipse cx="30" cy="184" rx="30" ry="5" fill="#222" opacity=".4"/>
    ${limb(30, 42, 66, 13, '#1a3a66', -stride)}
    ${limb(30, 102, 84, 17, '#1f2126', -stride)}${limb(30, 102, 84, 17, '#2b2d33', stride)}
    <path d="M14,34 Q30,27 46,34 L47,106 L13,106 Z" fill="${coat}"/>
    ${limb(30, 42, 66, 13, coat, stride)}
    <rect x="25" y="24" width="10" height="12" fill="#c99a7c"/><ellipse cx="30" cy="14" rx="13" ry="16" fill="#d9a98a"/>
    <path d="M16,14 Q15,-5 30,-5 Q46,-5 44,14 Q42,3 31,4 Q19,3 16,14" fill="#2c1e16"/>`;
}

/** A screen, 300 × 274 with its foot. */
export function screen(): string {
  return `<rect x="120" y="230" width="60" height="40" fill="#222"/>
    <rect x="80" y="262" width="140" height="12" rx="5" fill="#2a2a2a"/>
    <rect width="300" height="230" rx="8" fill="#161616"/><rect x="10" y="10" width="280" height="205" fill="#4083c4"/>`;
}

/** A paper note, 190 × 90, with two lines of text. */
export function note(first: string, second: string): string {
  const line = (y: number, text: string): string =>
    `<text x="14" y="${y}" font-family="DejaVu Sans, sans-serif" font-size="24" fill="#222">${text}</text>`;
  return `<rect width="190" height="90" fill="#f6e58d"/>${line(38, first)}${line(72, second)}`;
}

/** 130 wide, 130 tall from the rim. */
export function cup(colour: string): string {
  return `<path d="M88,24 Q130,26 122,62 Q114,92 84,92" fill="none" stroke="${colour}" stroke-width="13"/>
    <path d="M0,0 L90,0 L82,120 Q45,132 8,120 Z" fill="${colour}"/>
    <path d="M62,4 L90,0 L82,120 Q70,126 56,127 Z" fill="#000" opacity=".1"/>
    <ellipse cx="45" rx="45" ry="12" fill="#e2e0da"/><ellipse cx="45" cy="2" rx="38" ry="9" fill="#4a2b16"/>`;
}

/** 330 wide, 70 tall. */
export function keyboard(): string {
  const rows = [8, 26, 44].map(
    (y) => `<rect x="${28 - y / 3}" y="${y}" width="${264 + y / 1.6}" height="12" fill="#4d5158"/>`,
  );
  return `<path d="M14,0 L306,0 L324,70 L0,70 Z" fill="#26282c"/>${rows.join('')}`;
}

/** A computer mouse with its cable, 48 × 100. */
export function mouse(): string {
  return `<ellipse cx="30" cy="26" rx="24" ry="34" fill="#1d1f22"/><line x1="30" y1="-40" x2="30" y2="14" stroke="#555" stroke-width="3"/>`;
}

/** 40 wide, 218 tall. */
export function bottle(): string {
  return `<path d="M20,60 Q20,44 28,36 L28,0 L52,0 L52,36 Q60,44 60,60 L60,200 Q60,210 50,210 L30,210 Q20,210 20,200 Z" fill="#1f5b33"/>
    <rect x="26" y="-8" width="28" height="14" fill="#c9a23b"/><rect x="20" y="90" width="40" height="60" fill="#efe6c8"/>`;
}
