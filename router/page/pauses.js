// The pauses between tries, the first of which comes at once.
const PAUSES = [0, 250, 500, 1000, 2000, 4000, 8000]; // ms

// pauseBefore is for how many ms to wait before a try, after so many that have failed. No two pages try in step.
export function pauseBefore(failed) {
  return PAUSES[Math.min(failed, PAUSES.length - 1)] * (0.8 + 0.2 * Math.random());
}
