/** A tensor that is not there, such as the biases of a layer without any. */
export const NONE = new Float64Array(0);

/** y = W x + b. W (n, m) row-major, x (m), b (n) or NONE, y (n). */
export function affine(W: Float64Array, b: Float64Array, x: Float64Array): Float64Array {
  const m = x.length;
  return Float64Array.from({ length: W.length / m }, (_, i) =>
    x.reduce((sum, xj, j) => sum + W[i * m + j]! * xj, b.length ? b[i]! : 0),
  );
}

/** Adjoint of y = W x + b: dW += dY xᵀ, db += dY, dX += Wᵀ dY. */
export function affineAdjoint(
  W: Float64Array,
  x: Float64Array,
  dY: Float64Array,
  dW: Float64Array,
  db: Float64Array,
  dX: Float64Array,
): void {
  addOuter(dW, dY, x);
  if (db.length) add(db, dY);
  add(dX, timesTransposed(W, dY));
}

/** M x. */
export function times(M: Float64Array, x: Float64Array): Float64Array {
  return affine(M, NONE, x);
}

/** Mᵀ y, (m) for M (n, m) and y (n). */
export function timesTransposed(M: Float64Array, y: Float64Array): Float64Array {
  const m = M.length / y.length;
  const x = new Float64Array(m);
  y.forEach((yi, i) => {
    for (let j = 0; j < m; j++) x[j]! += M[i * m + j]! * yi;
  });
  return x;
}

/** Mᵀ of M with that many columns. */
export function transposed(M: Float64Array, columns: number): Float64Array {
  const rows = M.length / columns;
  return M.map((_, ji) => M[(ji % rows) * columns + Math.floor(ji / rows)]!);
}

/** into += factor · from. */
export function add(into: Float64Array, from: Float64Array, factor = 1): void {
  from.forEach((value, i) => {
    into[i]! += factor * value;
  });
}

/** into += factor · left rightᵀ. */
export function addOuter(
  into: Float64Array,
  left: Float64Array,
  right: Float64Array,
  factor = 1,
): void {
  const m = right.length;
  left.forEach((li, i) => {
    for (let j = 0; j < m; j++) into[i * m + j]! += factor * li * right[j]!;
  });
}

/** factor · left rightᵀ. */
export function outer(left: Float64Array, right: Float64Array, factor = 1): Float64Array {
  const product = new Float64Array(left.length * right.length);
  addOuter(product, left, right, factor);
  return product;
}

/** Σ_i a_i b_i. */
export function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, ai, i) => total + ai * b[i]!, 0);
}
