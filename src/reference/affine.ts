/**
 * The affine map y = W x + b, which both the forward pass (W, b) and the feedback pass (B, c) are made of.
 * W (n, m) row-major, b (n), x (m), y (n).
 */
export function affine(W: Float64Array, b: Float64Array, x: Float64Array): Float64Array {
  const m = x.length;
  return b.map((bi, i) => x.reduce((sum, xj, j) => sum + W[i * m + j]! * xj, bi));
}

/** Adjoint of y = W x + b: dW += dY xᵀ, db += dY, dX += Wᵀ dY. */
export function affineAdjoint(W: Float64Array, x: Float64Array, dY: Float64Array, dW: Float64Array, db: Float64Array, dX: Float64Array): void {
  const m = x.length;
  dY.forEach((dYi, i) => {
    db[i]! += dYi;
    for (let j = 0; j < m; j++) {
      dW[i * m + j]! += dYi * x[j]!;
      dX[j]! += dYi * W[i * m + j]!;
    }
  });
}
