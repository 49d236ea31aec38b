/** Numbers row by row, and how many there are along each dimension. */
export interface Tensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Tensors by their names: those of meta-parameters, say, or the fast weights of a lifetime. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Part k along the first dimension: of (tasks, moments, queries, outputs) what task k has. */
export function part({ data, shape: [count, ...shape] }: Tensor, k: number): Tensor {
  const size = data.length / count!;
  return { data: data.subarray(k * size, (k + 1) * size), shape };
}
