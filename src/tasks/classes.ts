import type { System } from '../systems/system.js';

/**
 * Are these tasks about classes, so that answers are right or wrong? Under cross-entropy they are;
 * under a squared error if there are two outputs or more and every query's target (queryY: rows of
 * n_L) is one-hot. Without classes there is no accuracy.
 */
export function areClasses(
  { loss, sizes }: Pick<System, 'loss' | 'sizes'>,
  { queryY }: { readonly queryY: ArrayLike<number> },
): boolean {
  if (loss === 'cross-entropy') return true;
  const outputs = sizes.at(-1)!;
  if (outputs < 2) return false;
  for (let first = 0; first < queryY.length; first += outputs) {
    let ones = 0;
    for (let o = first; o < first + outputs; o++) {
      if (queryY[o] === 1) ones++;
      else if (queryY[o] !== 0) return false;
    }
    if (ones !== 1) return false;
  }
  return true;
}

/**
 * Is the largest output where the largest target is? A tie with an output elsewhere is wrong, and
 * so is an output that is no finite number, and any answer to a target whose entries are all equal,
 * such as a row masked by zeros: it names no class. Of several largest targets each is right.
 */
export function isRight(output: ArrayLike<number>, target: ArrayLike<number>): boolean {
  let top = -Infinity;
  for (let o = 0; o < target.length; o++) top = Math.max(top, target[o]!);
  let right = -Infinity;
  let wrong = -Infinity;
  for (let o = 0; o < target.length; o++) {
    const x = output[o]!;
    if (!Number.isFinite(x)) return false;
    if (target[o] === top) right = Math.max(right, x);
    else wrong = Math.max(wrong, x);
  }
  return wrong > -Infinity && right > wrong;
}
