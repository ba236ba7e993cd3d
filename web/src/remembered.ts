const everything: Remembered<unknown>[] = [];

/** The last answers by what was asked, so that Back shows at once what was there. */
export class Remembered<T> {
  readonly #answers = new Map<string, T>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
    everything.push(this as Remembered<unknown>);
  }

  get(asked: string): T | undefined {
    return this.#answers.get(asked);
  }

  set(asked: string, answer: T): void {
    this.#answers.delete(asked);
    this.#answers.set(asked, answer);
    const oldest = this.#answers.keys().next().value;
    if (this.#answers.size > this.#most && oldest !== undefined) this.#answers.delete(oldest);
  }

  clear(): void {
    this.#answers.clear();
  }
}

/** Forgets every answer: the next person may not see what this one saw. */
export function forgetAnswers(): void {
  for (const one of everything) one.clear();
}
