// The pole on a cart (Barto, Sutton and Anderson 1983) with the constants and limits of Gymnasium's CartPole-v1.

import type { Random } from '../../core/random.ts';

const GRAVITY = 9.8;
const CART_MASS = 1;
const POLE_MASS = 0.1;
const TOTAL_MASS = CART_MASS + POLE_MASS;
const HALF_LENGTH = 0.5;
const FORCE = 10;
const TIME_STEP = 0.02;
const MOST_STEPS = 500;
const MOST_ANGLE = (12 * 2 * Math.PI) / 360;
const MOST_POSITION = 2.4;

export class CartPole {
  /** Position, velocity, angle, angular velocity. */
  readonly state: [number, number, number, number] = [0, 0, 0, 0];
  readonly #random: Random;
  #steps = 0;

  constructor(random: Random) {
    this.#random = random;
    this.reset();
  }

  reset(): void {
    for (let i = 0; i < 4; i++) this.state[i] = this.#random.next() * 0.1 - 0.05;
    this.#steps = 0;
  }

  /**
   * @param action 0 pushes left, 1 right
   * @returns whether the episode is over: the pole fell, the cart left, or 500 steps were survived. Each step earns 1.
   */
  step(action: number): boolean {
    const [x, speed, angle, spin] = this.state;
    const force = action === 1 ? FORCE : -FORCE;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const push = (force + POLE_MASS * HALF_LENGTH * spin ** 2 * sin) / TOTAL_MASS;
    const turn = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (4 / 3 - (POLE_MASS * cos ** 2) / TOTAL_MASS));
    const acceleration = push - (POLE_MASS * HALF_LENGTH * turn * cos) / TOTAL_MASS;
    this.state[0] = x + TIME_STEP * speed;
    this.state[1] = speed + TIME_STEP * acceleration;
    this.state[2] = angle + TIME_STEP * spin;
    this.state[3] = spin + TIME_STEP * turn;
    this.#steps++;
    const fell = Math.abs(this.state[0]) > MOST_POSITION || Math.abs(this.state[2]) > MOST_ANGLE;
    return fell || this.#steps >= MOST_STEPS;
  }
}
